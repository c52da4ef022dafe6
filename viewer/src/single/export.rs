//! What is shown, to take away: pictures, values, a page of its own, a link, a caption. Every form has the part that is
//! in view, as it is coloured, and says so.

pub mod html;
pub mod menu;
pub mod save;
pub mod svg;
pub mod values;

use std::ops::Range;
use std::sync::Arc;

use lens_schema::path;
use lens_schema::scale::Scale;

use super::colours::Colours;
use super::format;
use super::geometry::{Cell, Window};
use super::load::excerpt;
use super::look::{First, Look};
use super::matrix::Matrix;
use super::page::Shown;
use super::raster::{MASKED, NOT_FINITE, Place};

/// Longer expressions are cut in names of files.
const NAME_LENGTH: usize = 40;
/// What stands for values without a colour, because they are infinite or not a number.
const NO_COLOUR: [u8; 3] = [150, 150, 150];

/// A matrix on show, with all that explains it.
#[derive(Debug, Clone)]
pub struct Exhibit {
    /// Model and head.
    pub title: String,
    /// What is special about the view: expression, scale, part of the matrix; may be empty.
    pub subtitle: String,
    /// Sentences to go with a figure.
    pub caption: String,
    /// Of files, without an ending.
    pub name: String,
    pub matrix: Arc<Matrix>,
    pub colours: Colours,
    /// Tokens, one per row of the matrix.
    pub labels: Arc<Vec<String>>,
    /// The part in view, in whole cells.
    pub window: Window,
    /// Rows are keys, columns are queries.
    pub transposed: bool,
}

/// What an exhibit says of where it is from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Program and version that computed it.
    pub generator: &'a str,
    pub address: &'a str,
}

impl Exhibit {
    /// What a page shows.
    pub fn of(
        shown: &Shown,
        matrix: Arc<Matrix>,
        look: &Look,
        colours: Colours,
        window: Window,
        from: Origin<'_>,
    ) -> Self {
        let n = matrix.n;
        let window = whole_cells(window, n);
        let (model, head, hash) = (&shown.target.id.model, shown.target.id.head, &shown.target.hash);
        let expression = look.expression.as_deref().filter(|_| matrix.derived).map(format::on_one_line);
        let part = (!window.is_whole(n)).then(|| {
            let last = |first: f64| first + window.span - 1.0;
            let Window { query, key, .. } = window;
            (format!("{query}-{}", last(query)), format!("{key}-{}", last(key)))
        });
        let mut name = format!("{}.{hash}", shown.target.id);
        if let Some(expression) = &expression {
            name = format!("{name}.{:.NAME_LENGTH$}", path::sanitize_name(expression));
        }
        if let Some((queries, keys)) = &part {
            name = format!("{name}.q{queries}.k{keys}");
        }
        let first = match look.first {
            First::Shown => None,
            First::Hidden => Some("first key hidden"),
            First::Renormalised => Some("first key hidden, rows sum to 1"),
        };
        let marks =
            [(first.is_some(), look.first.name()), (look.transposed, "transposed"), (!matrix.exact, "approximate")];
        for (_, mark) in marks.into_iter().filter(|(is_so, _)| *is_so) {
            name = format!("{name}.{mark}");
        }

        let scale = match colours.scale {
            Scale::Linear => None,
            scale => Some(format!("{} scale", scale.name())),
        };
        let shown_part = part.map(|(queries, keys)| format!("queries {queries}, keys {keys} of {n}"));
        let approximate = (!matrix.exact).then(|| "approximate values".to_owned());
        let subtitle: Vec<String> =
            [expression.clone(), first.map(str::to_owned), scale.clone(), shown_part.clone(), approximate]
                .into_iter()
                .flatten()
                .collect();

        let (low, high) = (format::tick(colours.range.0), format::tick(colours.range.1));
        let what = match &expression {
            Some(expression) => format!("{expression}, where A is the attention pattern"),
            None => "Attention pattern".to_owned(),
        };
        let mut caption = format!(
            "{what} of {model}, layer {}, head {}, on the prompt “{}” ({n} positions, id {hash}). \
             Rows are {}, columns are {}. Colours: {}, {}, from {low} to {high}.",
            head.layer,
            head.head,
            format::on_one_line(&excerpt(&shown.prompt.text)),
            if look.transposed { "keys" } else { "queries" },
            if look.transposed { "queries" } else { "keys" },
            colours.colormap,
            scale.as_deref().unwrap_or("linear scale"),
        );
        if let Some(first) = first {
            caption.push_str(&format!(" The {first}.").replace("hidden", "is hidden"));
        }
        if let Some(part) = shown_part {
            caption.push_str(&format!(" Shown: {part}."));
        }
        if !matrix.exact {
            caption.push_str(" Values are approximate (8 bits).");
        }
        caption.push_str(&format!(" {}, {}", from.generator, from.address));
        Exhibit {
            title: format!("{model} {head}"),
            subtitle: subtitle.join(" · "),
            caption,
            name,
            matrix,
            colours,
            labels: shown.labels.clone(),
            window,
            transposed: look.transposed,
        }
    }

    /// Rows and columns in view.
    pub fn side(&self) -> usize {
        self.window.span as usize
    }

    /// What is told of queries and of keys, as it is told of rows and of columns; and the other way round.
    fn turned<T>(&self, query: T, key: T) -> [T; 2] {
        if self.transposed { [key, query] } else { [query, key] }
    }

    /// What rows and columns are.
    pub fn axes(&self) -> [&'static str; 2] {
        self.turned("query", "key")
    }

    /// The positions of the rows and of the columns in view.
    pub fn lines(&self) -> [Range<usize>; 2] {
        let range = |first: f64| first as usize..(first + self.window.span) as usize;
        self.turned(range(self.window.query), range(self.window.key))
    }

    /// All cells in view, row by row.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        let [rows, columns] = self.lines();
        rows.flat_map(move |row| {
            columns.clone().map(move |column| {
                let [query, key] = self.turned(row, column);
                Cell { query, key }
            })
        })
    }

    /// All values in view, row by row. The first key's are not numbers where it is hidden.
    pub fn values(&self) -> impl Iterator<Item = f32> + '_ {
        self.cells().map(move |cell| if self.matrix.is_hidden(cell) { f32::NAN } else { self.matrix.value(cell) })
    }

    /// The colours of all cells in view, row by row; `None` where there can be no attention.
    pub fn cell_colours(&self) -> Vec<Option<[u8; 3]>> {
        let (lut, indices) = (self.colours.lut(), self.matrix.indices(&self.colours, false));
        let colour = |place: Place| match place {
            MASKED => None,
            NOT_FINITE => Some(NO_COLOUR),
            place => lut.get(usize::from(place)).copied(),
        };
        self.cells().map(|cell| colour(indices[cell.query * self.matrix.n + cell.key])).collect()
    }

    /// RGBA pixels, `zoom` × `zoom` a cell; masked cells are transparent.
    pub fn pixels(&self, zoom: usize) -> Vec<u8> {
        let colours = self.cell_colours();
        let mut out = Vec::with_capacity(4 * colours.len() * zoom * zoom);
        for row in colours.chunks_exact(self.side().max(1)) {
            let start = out.len();
            for colour in row {
                let pixel = colour.map_or([0; 4], |[r, g, b]| [r, g, b, 255]);
                (0..zoom).for_each(|_| out.extend(pixel));
            }
            let line = start..out.len();
            (1..zoom).for_each(|_| out.extend_from_within(line.clone()));
        }
        out
    }
}

/// The window of whole cells that is most like another.
fn whole_cells(window: Window, n: usize) -> Window {
    let Window { query, key, span } = window;
    Window { query: query.round(), key: key.round(), span: span.round() }.within(n)
}

/// Text that stands for itself in SVG and HTML, in elements and quoted attributes. What XML cannot have is replaced.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            '\0'..=' ' if c != ' ' => out.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::single::link::target;
    use crate::url::Query;

    /// A causal pattern of tokens that are as hostile as tokens can be.
    pub fn exhibit(change: impl FnOnce(&mut Look)) -> Exhibit {
        let labels = ["<BOS>", "a,\"b\"", "=1+1\n", "</script>&"].map(str::to_owned).to_vec();
        let values = vec![1.0, 0.0, 0.0, 0.0, 0.25, 0.75, 0.0, 0.0, 0.5, 0.25, 0.25, 0.0, 0.1, 0.2, 0.3, 0.4];
        let matrix = Arc::new(Matrix::of(4, true, values));
        let prompt = lens_schema::PromptEntry { text: "one <two>\nthree".to_owned(), ..Default::default() };
        let shown = Shown {
            target: target(&Query::parse("head=m-1.5.L3.H7&prompt=abc")).unwrap(),
            prompt: Arc::new(prompt),
            labels: Arc::new(labels),
            matrix: matrix.clone(),
            n_layers: 4,
            n_heads: 8,
        };
        let mut look = Look::default();
        change(&mut look);
        let drawn = match look.expression {
            Some(_) => Arc::new(matrix.derive(matrix.values().iter().map(|v| v - 0.5).collect())),
            None => matrix,
        };
        let colours = Colours::of(&drawn, &look, None);
        let window = look.window.unwrap_or(Window::whole(4));
        let from = Origin { generator: "lens-build 9.8.7", address: "https://x.example/single.html?head=m" };
        Exhibit::of(&shown, drawn, &look, colours, window, from)
    }

    #[test]
    fn what_is_special_about_a_view_is_said() {
        let plain = exhibit(|_| {});
        assert_eq!(
            (plain.title.as_str(), plain.subtitle.as_str(), plain.name.as_str()),
            ("m-1.5 L3H7", "", "m-1.5.L3.H7.abc")
        );
        assert_eq!(
            plain.caption,
            "Attention pattern of m-1.5, layer 3, head 7, on the prompt “one <two> three” (4 positions, id abc). Rows are \
             queries, columns are keys. Colours: Blues, linear scale, from 0 to 1. lens-build 9.8.7, \
             https://x.example/single.html?head=m"
        );
        let special = exhibit(|look| {
            look.expression = Some("A /\n2".to_owned());
            look.window = Some(Window { query: 0.4, key: 0.0, span: 4.0 });
        });
        assert_eq!((special.subtitle.as_str(), special.name.as_str()), ("A /↵2", "m-1.5.L3.H7.abc.A_-_2"));
        assert!(special.caption.starts_with("A /↵2, where A is the attention pattern of m-1.5, layer 3"));
        assert_eq!(exhibit(|look| look.scale = Scale::Log).subtitle, "log scale");
        let hidden = exhibit(|look| (look.first, look.transposed) = (First::Renormalised, true));
        assert_eq!(
            (hidden.subtitle.as_str(), hidden.name.as_str()),
            ("first key hidden, rows sum to 1", "m-1.5.L3.H7.abc.renorm.transposed")
        );
        assert!(hidden.caption.contains(" The first key is hidden, rows sum to 1."), "{}", hidden.caption);
    }

    #[test]
    fn a_part_is_whole_cells() {
        let whole = |query, key, span| whole_cells(Window { query, key, span }, 40);
        assert_eq!(whole(9.6, 0.4, 7.3), Window { query: 10.0, key: 0.0, span: 7.0 });
        assert_eq!(whole(36.7, 0.0, 5.5), Window { query: 34.0, key: 0.0, span: 6.0 });
    }

    #[test]
    fn pixels_are_cells() {
        let plain = exhibit(|_| {});
        let pixels = plain.pixels(3);
        assert_eq!(pixels.len(), 4 * 12 * 12);
        let at = |x: usize, y: usize| &pixels[4 * (12 * y + x)..][..4];
        let lut = plain.colours.lut();
        assert_eq!(at(2, 2)[..3], lut[255]);
        assert_eq!((at(3, 0)[3], at(0, 3)[3]), (0, 255));
        assert_eq!((at(0, 11), at(0, 9)), (at(2, 10), at(1, 9)));
    }

    #[test]
    fn markup_is_inert() {
        assert_eq!(escape("<a b=\"c\">&\u{0}\u{ffff}\n"), "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}\u{fffd}\n");
    }
}
