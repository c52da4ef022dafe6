//! What a reader does with mouse, keyboard and finger.

use std::time::Duration;

use serde_json::json;

use super::Page;

/// Keys held down while another is pressed or the mouse is clicked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Held {
    None = 0,
    Ctrl = 2,
    Shift = 8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Button {
    Left,
    Right,
}

impl Page {
    /// Page coordinates of a point in an element, as fractions of its width and height; scrolled into view.
    pub fn point(&mut self, selector: &str, at: (f64, f64)) -> (f64, f64) {
        self.wait_for(selector);
        let script = format!(
            "(() => {{ const e = document.querySelector({selector:?}); \
             e.scrollIntoView({{ block: 'nearest', inline: 'nearest', behavior: 'instant' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width * {}, r.y + r.height * {}] }})()",
            at.0, at.1
        );
        let point = self.eval(&script);
        (point[0].as_f64().expect("x is a number"), point[1].as_f64().expect("y is a number"))
    }

    fn mouse(&mut self, kind: &str, (x, y): (f64, f64), button: &str, held: Held) {
        let clicks = u8::from(kind != "mouseMoved");
        let buttons =
            if kind == "mouseReleased" { 0 } else { u8::from(button == "left") + 2 * u8::from(button == "right") };
        let params = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": clicks, "modifiers": held as u8 });
        self.tab.call("Input.dispatchMouseEvent", params);
    }

    /// Moves the mouse to a point of an element.
    pub fn hover(&mut self, selector: &str, at: (f64, f64)) {
        let point = self.point(selector, at);
        self.mouse("mouseMoved", point, "none", Held::None);
        self.settle();
    }

    /// Clicks the middle of an element.
    pub fn click(&mut self, selector: &str) {
        self.click_at(selector, (0.5, 0.5), Button::Left, Held::None);
    }

    /// Clicks a point of an element.
    pub fn click_at(&mut self, selector: &str, at: (f64, f64), button: Button, held: Held) {
        let point = self.point(selector, at);
        let button = if button == Button::Left { "left" } else { "right" };
        self.mouse("mouseMoved", point, "none", held);
        self.mouse("mousePressed", point, button, held);
        self.mouse("mouseReleased", point, button, held);
        self.settle();
    }

    /// Drags from the middle of one element to the middle of another.
    pub fn drag(&mut self, from: &str, to: &str) {
        let (from, to) = (self.point(from, (0.5, 0.5)), self.point(to, (0.5, 0.5)));
        self.drag_between(from, to);
    }

    /// Drags between two points of an element.
    pub fn drag_in(&mut self, selector: &str, from: (f64, f64), to: (f64, f64)) {
        self.point(selector, from);
        let (from, to) = (self.point(selector, from), self.point(selector, to));
        self.drag_between(from, to);
    }

    fn drag_between(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.mouse("mouseMoved", from, "none", Held::None);
        self.mouse("mousePressed", from, "left", Held::None);
        for step in 1..=4 {
            let part = f64::from(step) / 4.0;
            self.mouse(
                "mouseMoved",
                (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part),
                "left",
                Held::None,
            );
        }
        self.mouse("mouseReleased", to, "left", Held::None);
        self.settle();
    }

    /// Presses a key by its DOM name, such as `ArrowRight`, `Escape`, `Tab` or `a`.
    pub fn key(&mut self, key: &str, held: Held) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            " " => 32,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            one if one.len() == 1 => u32::from(one.as_bytes()[0].to_ascii_uppercase()),
            other => panic!("the harness does not know the code of the key {other}"),
        };
        let text = match key {
            "Enter" => "\r",
            one if one.len() == 1 && held == Held::None => one,
            _ => "",
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        for kind in [kind, "keyUp"] {
            let params = json!({ "type": kind, "key": key, "code": if key == "a" { "KeyA" } else { key }, "text": text, "windowsVirtualKeyCode": code, "modifiers": held as u8 });
            self.tab.call("Input.dispatchKeyEvent", params);
        }
        self.settle();
    }

    /// Puts a finger on a point of an element, moves it by some pixels in steps, and lifts it.
    pub fn touch(&mut self, selector: &str, at: (f64, f64), by: (f64, f64)) {
        let (x, y) = self.point(selector, at);
        let steps = if by == (0.0, 0.0) { 0 } else { 8 };
        for step in 0..=steps {
            let part = f64::from(step) / f64::from(steps.max(1));
            let finger = json!([{ "x": x + by.0 * part, "y": y + by.1 * part }]);
            let kind = if step == 0 { "touchStart" } else { "touchMove" };
            self.tab.call("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": finger }));
        }
        // A finger that rests before it is lifted throws nothing: the next tap would only stop what was thrown.
        std::thread::sleep(Duration::from_millis(if steps > 0 { 100 } else { 0 }));
        self.tab.call("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] }));
        self.settle();
    }

    /// Types into a field after emptying it.
    pub fn fill(&mut self, selector: &str, text: &str) {
        self.wait_for(selector);
        self.eval(&format!("(() => {{ const e = document.querySelector({selector:?}); e.focus(); e.select(); }})()"));
        if text.is_empty() {
            self.eval("document.execCommand('delete')");
        } else {
            self.tab.call("Input.insertText", json!({ "text": text }));
        }
        self.settle();
    }

    /// Chooses an option of a `select` by its value.
    pub fn choose(&mut self, selector: &str, value: &str) {
        self.wait_for(selector);
        let script = format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.value = {value:?}; \
             e.dispatchEvent(new Event('change', {{ bubbles: true }})); return e.value === {value:?} }})()"
        );
        assert_eq!(self.eval(&script), true, "{selector} has no option {value}");
        self.settle();
    }
}
