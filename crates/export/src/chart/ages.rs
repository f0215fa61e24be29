//! How old the open items are.

use super::drawing::{Anchor, Drawing};
use quietus_metrics::Age;

const WIDTH: f64 = 640.0;
const LEFT: f64 = 130.0;
const RIGHT: f64 = 580.0;
const ROW: f64 = 26.0;

/// Draws a bar for each of `ages`, youngest first.
pub fn ages(ages: &[Age]) -> String {
    let height = 16.0 + ROW * ages.len() as f64;
    let mut drawing = Drawing::new(WIDTH, height, "Age of open items");
    let most = ages.iter().map(|age| age.open).max().unwrap_or(0).max(1) as f64;
    for (at, age) in ages.iter().enumerate() {
        let y = 8.0 + ROW * at as f64;
        let name = name(age);
        let length = (RIGHT - LEFT) * age.open as f64 / most;
        let says = format!("{name}: {} open", age.open);
        drawing.words((LEFT - 8.0, y + 15.0), Anchor::End, &name);
        drawing.bar(0, (LEFT, y + 2.0), (length, ROW - 8.0), &says);
        drawing.words((LEFT + length + 8.0, y + 15.0), Anchor::Start, &age.open.to_string());
        drawing.tell(&format!("{says}."));
    }
    drawing.finish()
}

fn name(age: &Age) -> String {
    match age.to_days {
        Some(to) => format!("{} to {to} days", age.from_days),
        None => format!("{} days and older", age.from_days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_the_largest_age() {
        let young = Age { from_days: 0, to_days: Some(7), open: 2 };
        let old = Age { from_days: 8, to_days: None, open: 4 };
        let svg = ages(&[young, old]);
        assert!(svg.contains("width=\"225.0\"") && svg.contains("width=\"450.0\""), "{svg}");
        assert!(svg.contains("0 to 7 days: 2 open. 8 days and older: 4 open."), "{svg}");
    }
}
