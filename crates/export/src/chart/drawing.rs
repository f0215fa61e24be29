//! The frame of a chart: its size, its description, lines, boxes and words.

use crate::text::xml;
use std::fmt::Write;

/// The colours of the series where the page gives none; they differ in lightness as well, so that
/// they can be told apart on a grey print.
pub(super) const COLOURS: [&str; 4] = ["#1f6fb2", "#d9822b", "#6b7280", "#2f9e6e"];

/// How words stand at their place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// An SVG that is being drawn. Lengths are in its own units, of which a page makes what it likes.
pub(super) struct Drawing {
    width: f64,
    height: f64,
    title: String,
    description: String,
    body: String,
}

impl Drawing {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        Self {
            width,
            height,
            title: title.to_owned(),
            description: String::new(),
            body: String::new(),
        }
    }

    /// Adds a sentence for those who do not see the chart.
    pub(super) fn tell(&mut self, sentence: &str) {
        if !self.description.is_empty() {
            self.description.push(' ');
        }
        self.description.push_str(sentence);
    }

    /// A faint line of the grid.
    pub(super) fn grid(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.line(from, to, "q-grid", "currentColor", 0.2);
    }

    /// A line of an axis.
    pub(super) fn axis(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.line(from, to, "q-axis", "currentColor", 0.7);
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str, stroke: &str, opacity: f64) {
        let _ = write!(
            self.body,
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" \
             stroke=\"{stroke}\" stroke-opacity=\"{opacity}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    /// Words at a place, in the colour of the page's text.
    pub(super) fn words(&mut self, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = write!(
            self.body,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            at.0,
            at.1,
            xml(text)
        );
    }

    /// A box of a series, with what it says when it is pointed at.
    pub(super) fn bar(&mut self, series: usize, at: (f64, f64), size: (f64, f64), says: &str) {
        let _ = write!(
            self.body,
            "<rect class=\"q-series-{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
             fill=\"{}\"><title>{}</title></rect>",
            series + 1,
            at.0,
            at.1,
            size.0,
            size.1,
            colour(series),
            xml(says)
        );
    }

    /// A line through points of a series.
    pub(super) fn path(&mut self, series: usize, points: &[(f64, f64)], dashed: bool) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let dashes = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let _ = write!(
            self.body,
            "<polyline class=\"q-series-{}\" points=\"{}\" fill=\"none\" stroke=\"{}\" \
             stroke-width=\"2\"{dashes}/>",
            series + 1,
            points.join(" "),
            colour(series)
        );
    }

    /// A point of a series, with what it says when it is pointed at.
    pub(super) fn point(&mut self, series: usize, at: (f64, f64), says: &str) {
        let _ = write!(
            self.body,
            "<circle class=\"q-series-{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{}\">\
             <title>{}</title></circle>",
            series + 1,
            at.0,
            at.1,
            colour(series),
            xml(says)
        );
    }

    /// What each series is, along the top.
    pub(super) fn legend(&mut self, left: f64, names: &[&str]) {
        let mut x = left;
        for (series, name) in names.iter().enumerate() {
            self.bar(series, (x, 8.0), (10.0, 10.0), name);
            self.words((x + 15.0, 17.0), Anchor::Start, name);
            x += 33.0 + 6.6 * name.chars().count() as f64;
        }
    }

    /// The whole SVG.
    pub(super) fn finish(self) -> String {
        let (title, description) = (xml(&self.title), xml(&self.description));
        format!(
            "<svg class=\"q-chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {:.0}\" \
             role=\"img\" aria-label=\"{title}. {description}\" font-family=\"inherit\" \
             font-size=\"12\" fill=\"currentColor\"><title>{title}</title>\
             <desc>{description}</desc>{}</svg>",
            self.width, self.height, self.body
        )
    }
}

fn colour(series: usize) -> &'static str {
    COLOURS[series % COLOURS.len()]
}

/// Round numbers from 0 to at least `most`, few enough to be read beside an axis.
pub(super) fn ticks(most: usize) -> Vec<usize> {
    let mut step = 1;
    while most.max(1).div_ceil(step) > 5 {
        // 1, 2, 5, 10, 20, 50, …
        step = if step.to_string().starts_with('2') { step / 2 * 5 } else { step * 2 };
    }
    (0..=most.max(1).div_ceil(step)).map(|at| at * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ticks_reach_the_highest_and_are_few(most in 0_usize..1_000_000) {
            let ticks = ticks(most);
            prop_assert!(ticks[0] == 0 && *ticks.last().unwrap() >= most);
            prop_assert!((2..=6).contains(&ticks.len()));
        }
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(0), [0, 1]);
        assert_eq!(ticks(5), [0, 1, 2, 3, 4, 5]);
        assert_eq!(ticks(7), [0, 2, 4, 6, 8]);
        assert_eq!(ticks(23), [0, 5, 10, 15, 20, 25]);
        assert_eq!(ticks(260), [0, 100, 200, 300]);
    }

    #[test]
    fn words_are_no_markup() {
        let mut drawing = Drawing::new(10.0, 10.0, "\"><script>");
        drawing.words((1.0, 1.0), Anchor::Start, "</text>&\u{202E}'");
        let svg = drawing.finish();
        assert!(!svg.contains("<script>") && !svg.contains('\u{202E}'), "{svg}");
        assert_eq!(svg.matches("</text>").count(), 1);
        assert!(svg.contains("&lt;/text&gt;&amp;\u{FFFD}&#39;"), "{svg}");
    }
}
