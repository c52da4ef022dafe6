//! The pattern as lines from queries on the left to keys on the right.

use std::ops::Range;

use web_sys::CanvasRenderingContext2d;

use super::axes::width;
use super::axis;
use super::drawing::Scene;
use super::frame::{Frame, GAP_PX, LINE_PX, TITLE_PX};
use super::geometry::{Cell, Window};
use super::matrix::Matrix;
use super::selection::{Role, Selection};

/// So many lines are drawn at most: the strongest. More would take longer than a frame, and show nothing but a surface.
const MOST: usize = 6000;
/// Lines are drawn in so many steps of opacity.
const STEPS: usize = 16;

/// Attention as a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub cell: Cell,
    /// How strong it is among all, from 0 to 1: its opacity.
    pub part: f32,
    /// Whether the value is below 0.
    pub below: bool,
}

/// The lines between what is in view that are at least so strong, and how many they were before the weakest were left
/// out. Of some queries or keys alone, if there are any.
pub fn lines(matrix: &Matrix, window: Window, threshold: f32, only: &(Vec<usize>, Vec<usize>)) -> (Vec<Line>, usize) {
    let (queries, keys) = (window.queries(matrix.n), window.keys(matrix.n));
    let is_free = only.0.is_empty() && only.1.is_empty();
    // A key is looked up for every cell.
    let is_wanted: Vec<bool> = (0..matrix.n).map(|key| only.1.contains(&key)).collect();
    let mut lines = Vec::new();
    for query in queries {
        let is_whole = is_free || only.0.contains(&query);
        for key in keys.clone() {
            let cell = Cell { query, key };
            if !matrix.is_masked(cell) && (is_whole || is_wanted[key]) {
                let value = matrix.value(cell);
                let part = matrix.strength(value);
                if part >= threshold && part > 0.0 {
                    lines.push(Line { cell, part, below: matrix.diverges() && value < 0.0 });
                }
            }
        }
    }
    let all = lines.len();
    keep_strongest(&mut lines, MOST);
    (lines, all)
}

/// Keeps so many lines, by counting how many there are of each strength; of equal ones, the first.
fn keep_strongest(lines: &mut Vec<Line>, most: usize) {
    const GRADES: usize = 1024;
    let grade = |line: &Line| ((line.part * GRADES as f32) as usize).min(GRADES - 1);
    let mut counts = [0; GRADES];
    lines.iter().for_each(|line| counts[grade(line)] += 1);
    let (mut least, mut room) = (GRADES, most);
    while least > 0 && counts[least - 1] <= room {
        least -= 1;
        room -= counts[least];
    }
    lines.retain(|line| {
        let of_last = grade(line) + 1 == least && room > 0;
        room -= usize::from(of_last);
        grade(line) >= least || of_last
    });
}

/// Makes the strongest line opaque and weak ones visible, as the shades of tokens are.
fn stretch(lines: &mut [Line]) {
    let strongest = lines.iter().map(|line| line.part).fold(f32::MIN_POSITIVE, f32::max);
    lines.iter_mut().for_each(|line| line.part = (line.part / strongest).sqrt());
}

/// The token at a place: of the queries on the left, of the keys on the right.
pub fn token_at(frame: &Frame, window: Window, n: usize, x: f64, y: f64) -> Option<(usize, Role)> {
    let role = if x < (frame.left + frame.right) / 2.0 { Role::Query } else { Role::Key };
    let first = if role == Role::Query { window.query } else { window.key };
    let down = (y - frame.top) / frame.side;
    let token = (first + down * window.span).floor() as usize;
    ((0.0..1.0).contains(&down) && token < n).then_some((token, role))
}

impl Scene<'_> {
    /// The middle of a token's line in its column, in CSS pixels.
    fn height(&self, token: usize, role: Role) -> f64 {
        let first = if role == Role::Query { self.window.query } else { self.window.key };
        self.frame.top + (token as f64 + 0.5 - first) * self.geometry().cell()
    }

    fn seen(&self, role: Role) -> Range<usize> {
        if role == Role::Query { self.window.queries(self.matrix.n) } else { self.window.keys(self.matrix.n) }
    }

    /// Both columns of tokens, and the lines. Returns how many lines there are, and how many of them are drawn.
    pub fn draw_lines(&self, context: &CanvasRenderingContext2d, threshold: f32) -> (usize, usize) {
        self.begin(context);
        self.columns(context);
        let (lines, all) = lines(self.matrix, self.window, threshold, &(Vec::new(), Vec::new()));
        self.strokes(context, &lines, [&self.ink.accent, &self.ink.below]);
        (all, lines.len())
    }

    /// The lines of what is looked at, in front of all others, as strong as they are among themselves.
    pub fn highlight(&self, context: &CanvasRenderingContext2d, threshold: f32, focus: &Selection, role: Role) {
        let only = focus.all_lines(role);
        if only.0.is_empty() && only.1.is_empty() {
            return;
        }
        let Frame { left, right, top, side, .. } = self.frame;
        context.set_fill_style_str(&self.ink.ground);
        context.set_global_alpha(0.85);
        context.fill_rect(left, top, right - left, side);
        context.set_global_alpha(1.0);
        let (mut lines, _) = lines(self.matrix, self.window, threshold, &only);
        stretch(&mut lines);
        let of = |line: &&Line| only.0.contains(&line.cell.query);
        let (queries, keys): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(of);
        for (lines, colour) in [(queries, &self.ink.query), (keys, &self.ink.key)] {
            let lines: Vec<Line> = lines.into_iter().copied().collect();
            self.strokes(context, &lines, [colour, &self.ink.below]);
        }
        context.set_font(&self.ink.font);
        context.set_text_baseline("middle");
        context.set_text_align("left");
        for (tokens, role) in [(&only.0, Role::Query), (&only.1, Role::Key)] {
            for &token in tokens {
                self.name(context, token, role);
            }
        }
    }

    fn strokes(&self, context: &CanvasRenderingContext2d, lines: &[Line], colours: [&str; 2]) {
        let Frame { left, right, top, side, .. } = self.frame;
        let middle = (left + right) / 2.0;
        context.save();
        context.begin_path();
        context.rect(left, top, right - left, side);
        context.clip();
        context.set_line_width((self.geometry().cell() * 0.2).clamp(0.75, 2.5));
        for (below, colour) in [(false, colours[0]), (true, colours[1])] {
            context.set_stroke_style_str(colour);
            for step in 1..=STEPS {
                let is_here = |line: &&Line| {
                    line.below == below && ((line.part * STEPS as f32).ceil() as usize).clamp(1, STEPS) == step
                };
                let mut some = lines.iter().filter(is_here).peekable();
                if some.peek().is_none() {
                    continue;
                }
                context.set_global_alpha(step as f64 / STEPS as f64);
                context.begin_path();
                for line in some {
                    let (from, to) = (self.height(line.cell.query, Role::Query), self.height(line.cell.key, Role::Key));
                    context.move_to(left, from);
                    context.bezier_curve_to(middle, from, middle, to, right, to);
                }
                context.stroke();
            }
        }
        context.restore();
    }

    /// The tokens of both sides, as many as can be read.
    fn columns(&self, context: &CanvasRenderingContext2d) {
        let Frame { left, right, top, side, .. } = self.frame;
        let step = axis::step(self.geometry().cell(), LINE_PX);
        for (role, x, align) in [(Role::Query, left - GAP_PX, "right"), (Role::Key, right + GAP_PX, "left")] {
            context.set_text_align(align);
            context.set_fill_style_str(&self.ink.faint);
            let _text_is_drawn = context.fill_text(role.name(), x, top - TITLE_PX);
            context.set_fill_style_str(&self.ink.label);
            for token in axis::labelled(self.seen(role), step) {
                let y = self.height(token, role);
                if (top..=top + side).contains(&y) {
                    let text = axis::text(token, &self.labels[token], step);
                    let text = axis::ellipsise(&text, left - 2.0 * GAP_PX, |text| width(context, text));
                    let _text_is_drawn = context.fill_text(&text, x, y);
                }
            }
        }
    }

    /// A token that is looked at, with its position.
    fn name(&self, context: &CanvasRenderingContext2d, token: usize, role: Role) {
        let Frame { left, right, top, side, .. } = self.frame;
        let y = self.height(token, role);
        if !(top - LINE_PX..=top + side + LINE_PX).contains(&y) {
            return;
        }
        let text = axis::text(token, &self.labels[token], 2);
        let text = axis::ellipsise(&text, left - 3.0 * GAP_PX, |text| width(context, text));
        let wide = width(context, &text);
        match role {
            Role::Query => self.flag(context, &text, (left - GAP_PX - wide, y), wide, &self.ink.query, true),
            Role::Key => self.flag(context, &text, (right + GAP_PX, y), wide, &self.ink.key, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causal() -> Matrix {
        Matrix::of(3, true, vec![1.0, 0.0, 0.0, 0.2, 0.8, 0.0, 0.5, 0.125, 0.375])
    }

    fn cells(threshold: f32, window: Window, only: (Vec<usize>, Vec<usize>)) -> Vec<(usize, usize)> {
        let mut cells: Vec<_> =
            lines(&causal(), window, threshold, &only).0.iter().map(|line| (line.cell.query, line.cell.key)).collect();
        cells.sort_unstable();
        cells
    }

    #[test]
    fn lines_are_strong_enough_and_in_view() {
        let (whole, all) = (Window::whole(3), (Vec::new(), Vec::new()));
        assert_eq!(cells(0.375, whole, all.clone()), [(0, 0), (1, 1), (2, 0), (2, 2)]);
        assert_eq!(cells(0.0, whole, all.clone()).len(), 6, "masked cells have none");
        assert_eq!(cells(0.0, Window { query: 1.0, key: 0.0, span: 1.0 }, all), [(1, 0)]);
        assert_eq!(cells(0.0, whole, (vec![2], vec![])), [(2, 0), (2, 1), (2, 2)]);
        assert_eq!(cells(0.3, whole, (vec![2], vec![1])), [(1, 1), (2, 0), (2, 2)]);
    }

    #[test]
    fn the_strongest_are_drawn() {
        let n = 100;
        let matrix = Matrix::of(n, false, (0..n * n).map(|i| i as f32 / (n * n) as f32).collect());
        let (lines, all) = lines(&matrix, Window::whole(n), 0.0, &(Vec::new(), Vec::new()));
        assert_eq!((lines.len(), all), (MOST, n * n - 1));
        assert!(lines.iter().all(|line| line.part >= 0.399));
        let even = Matrix::of(n, false, vec![0.01; n * n]);
        assert_eq!(super::lines(&even, Window::whole(n), 0.0, &(Vec::new(), Vec::new())).0.len(), MOST);
        let signed = Matrix::of(2, false, vec![0.5; 4]).derive(vec![-2.0, 0.5, f32::NAN, 1.0]);
        let (lines, _) = super::lines(&signed, Window::whole(2), 0.3, &(Vec::new(), Vec::new()));
        assert!(lines.iter().all(|line| line.below == (line.cell == Cell { query: 0, key: 0 })) && lines.len() == 2);
    }

    #[test]
    fn what_is_looked_at_is_told_apart() {
        let (mut of_row, _) = lines(&causal(), Window::whole(3), 0.0, &(vec![2], vec![]));
        stretch(&mut of_row);
        assert_eq!(of_row.iter().map(|line| line.part).collect::<Vec<_>>(), [1.0, 0.5, 0.75f32.sqrt()]);
        stretch(&mut []);
    }

    #[test]
    fn tokens_are_under_the_pointer() {
        let frame = Frame::lines(700.0, 700.0, 60.0);
        let window = Window { query: 10.0, key: 40.0, span: 20.0 };
        let at = |x, part: f64| token_at(&frame, window, 100, x, frame.top + part * frame.side);
        assert_eq!((at(20.0, 0.51), at(600.0, 0.0)), (Some((20, Role::Query)), Some((40, Role::Key))));
        assert_eq!((at(20.0, 1.0), at(20.0, -0.1)), (None, None));
    }
}
