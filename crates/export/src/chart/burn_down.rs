//! Week by week: what opened, what closed, what came back, and how much was left.

use super::drawing::{Anchor, Drawing, ticks};
use crate::words::plural;
use quietus_metrics::Week;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 606.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 244.0;

/// How many labels fit under the bars.
const LABELS: usize = 6;

/// Draws `weeks`, oldest first: bars for what opened (with what was reopened) and what closed, and
/// a line for what was not closed at the end of each week.
pub fn burn_down(weeks: &[Week]) -> String {
    let mut drawing = Drawing::new(WIDTH, HEIGHT, "Items opened and closed, week by week");
    let most = weeks.iter().map(|week| week.not_closed.max(came(week)).max(week.closed)).max();
    let ticks = ticks(most.unwrap_or(0));
    let top = ticks.last().copied().unwrap_or(1) as f64;
    let y = |count: usize| BOTTOM - (BOTTOM - TOP) * count as f64 / top;
    for tick in &ticks {
        drawing.grid((LEFT, y(*tick)), (RIGHT, y(*tick)));
        drawing.words((LEFT - 6.0, y(*tick) + 4.0), Anchor::End, &tick.to_string());
    }
    drawing.axis((LEFT, BOTTOM), (RIGHT, BOTTOM));
    let step = (RIGHT - LEFT) / weeks.len().max(1) as f64;
    let bar = (step * 0.36).min(22.0);
    let mut left = Vec::new();
    for (at, week) in weeks.iter().enumerate() {
        let middle = LEFT + step * (at as f64 + 0.5);
        let begins = day(week);
        let opened =
            format!("week of {begins}: {} opened, {} reopened", week.opened, week.reopened);
        drawing.bar(1, (middle - bar, y(came(week))), (bar, BOTTOM - y(came(week))), &opened);
        let closed = format!("week of {begins}: {} closed", week.closed);
        drawing.bar(3, (middle, y(week.closed)), (bar, BOTTOM - y(week.closed)), &closed);
        left.push((middle, y(week.not_closed)));
        if at % weeks.len().div_ceil(LABELS).max(1) == 0 {
            drawing.words((middle, BOTTOM + 18.0), Anchor::Middle, &begins);
        }
    }
    drawing.path(0, &left, false);
    for (week, at) in weeks.iter().zip(&left) {
        let says = format!("end of the week of {}: {} not closed", day(week), week.not_closed);
        drawing.point(0, *at, &says);
    }
    tell(&mut drawing, weeks);
    legend(&mut drawing);
    drawing.finish()
}

fn came(week: &Week) -> usize {
    week.opened + week.reopened
}

fn day(week: &Week) -> String {
    week.begins.strftime("%Y-%m-%d").to_string()
}

fn tell(drawing: &mut Drawing, weeks: &[Week]) {
    let Some(last) = weeks.last() else {
        drawing.tell("There is no week to show.");
        return;
    };
    let sum = |of: fn(&Week) -> usize| weeks.iter().map(of).sum::<usize>();
    drawing.tell(&format!(
        "In {}, {} opened, {} reopened and {} closed; not closed now: {}.",
        plural(weeks.len() as u64, "week"),
        sum(|week| week.opened),
        sum(|week| week.reopened),
        sum(|week| week.closed),
        last.not_closed
    ));
}

fn legend(drawing: &mut Drawing) {
    let mut x = LEFT;
    for (series, name) in [(0, "not closed"), (1, "opened or reopened"), (3, "closed")] {
        drawing.bar(series, (x, 8.0), (10.0, 10.0), name);
        drawing.words((x + 15.0, 17.0), Anchor::Start, name);
        x += 33.0 + 6.6 * name.len() as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(begins: &str, opened: usize, closed: usize, not_closed: usize) -> Week {
        let begins = format!("{begins}T00:00:00Z").parse().unwrap();
        Week { begins, opened, closed, reopened: 0, not_closed }
    }

    #[test]
    fn bars_are_as_high_as_what_they_count() {
        let weeks = [week("2026-01-05", 4, 0, 4), week("2026-01-12", 0, 2, 2)];
        let svg = burn_down(&weeks);
        // The highest tick is 4, and 210 units above the axis.
        assert!(
            svg.contains("height=\"210.0\" fill=\"#d9822b\"><title>week of 2026-01-05: 4 opened"),
            "{svg}"
        );
        assert!(
            svg.contains("height=\"105.0\" fill=\"#2f9e6e\"><title>week of 2026-01-12: 2 closed"),
            "{svg}"
        );
        assert!(svg.contains("In 2 weeks, 4 opened, 0 reopened and 2 closed; not closed now: 2."));
    }

    #[test]
    fn no_week_is_no_error() {
        assert!(burn_down(&[]).contains("There is no week to show."));
    }
}
