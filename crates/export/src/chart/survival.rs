//! The share of credentials that are still valid so many days after their item opened.

use super::drawing::{Anchor, Drawing};
use quietus_metrics::{Published, Survival};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 606.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 244.0;

/// One curve and what it is of.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// What stands in the legend.
    pub name: &'a str,
    /// The shares.
    pub of: &'a Survival,
}

/// Draws `curves`, the first one strongest, and what others `published` beside them.
///
/// The days stand at equal distances, whatever lies between them: the first week is what matters.
pub fn survival(curves: &[Curve<'_>], published: Option<&Published>) -> String {
    let mut drawing = Drawing::new(WIDTH, HEIGHT, "Share of credentials that are still valid");
    let days: Vec<u32> = curves
        .first()
        .map_or_else(Vec::new, |curve| curve.of.after.iter().map(|p| p.days).collect());
    axes(&mut drawing, &days);
    let mut names: Vec<&str> = Vec::new();
    for (series, curve) in curves.iter().enumerate() {
        names.push(curve.name);
        draw(&mut drawing, series, curve);
    }
    if let Some(published) = published {
        names.push("published: more than this");
        compare(&mut drawing, curves.len(), published, &days);
    }
    drawing.legend(LEFT, &names);
    drawing.finish()
}

/// Where a day stands; day 0 is at the axis.
fn x(day: u32, days: &[u32]) -> f64 {
    let step = (RIGHT - LEFT) / days.len().max(1) as f64;
    let at = days.iter().position(|known| *known >= day).map_or(days.len(), |at| at + 1);
    LEFT + step * if day == 0 { 0.0 } else { at as f64 }
}

fn y(share: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * share.clamp(0.0, 1.0)
}

fn axes(drawing: &mut Drawing, days: &[u32]) {
    for percent in [0_u8, 25, 50, 75, 100] {
        let at = y(f64::from(percent) / 100.0);
        drawing.grid((LEFT, at), (RIGHT, at));
        drawing.words((LEFT - 6.0, at + 4.0), Anchor::End, &format!("{percent} %"));
    }
    drawing.axis((LEFT, BOTTOM), (RIGHT, BOTTOM));
    for day in std::iter::once(&0).chain(days) {
        let label = if *day == 0 { "found".to_owned() } else { days_of(*day) };
        drawing.words((x(*day, days), BOTTOM + 18.0), Anchor::Middle, &label);
    }
}

fn days_of(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn draw(drawing: &mut Drawing, series: usize, curve: &Curve<'_>) {
    let days: Vec<u32> = curve.of.after.iter().map(|point| point.days).collect();
    if curve.of.credentials == 0 {
        drawing.tell(&format!("{}: there is none yet.", curve.name));
        return;
    }
    let known: Vec<_> =
        curve.of.after.iter().filter_map(|point| Some((point, point.share?))).collect();
    let mut points = vec![(x(0, &days), y(1.0))];
    points.extend(known.iter().map(|(point, share)| (x(point.days, &days), y(*share))));
    drawing.path(series, &points, series > 0);
    let mut told = Vec::new();
    for (point, share) in known {
        let says = format!("{:.0} % after {}", share * 100.0, days_of(point.days));
        let detail = format!("{}: {says} ({} watched for that long)", curve.name, point.watched);
        drawing.point(series, (x(point.days, &days), y(share)), &detail);
        told.push(says);
    }
    let told =
        if told.is_empty() { "none was watched for a day".to_owned() } else { told.join(", ") };
    drawing.tell(&format!("{}, of {}: {told}.", curve.name, curve.of.credentials));
}

fn compare(drawing: &mut Drawing, series: usize, published: &Published, days: &[u32]) {
    let at = (x(published.days, days), y(published.share_above));
    let percent = published.share_above * 100.0;
    let says = format!(
        "Published: more than {percent:.0} % after {} days ({}).",
        published.days, published.source
    );
    drawing.path(series, &[(at.0 - 14.0, at.1), (at.0 + 14.0, at.1)], false);
    drawing.point(series, at, &says);
    drawing.tell(&says);
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use quietus_metrics::{PUBLISHED, Subject};

    fn of(ended_after: &[i64], open_for: &[i64]) -> Survival {
        let subject =
            |days: &i64, ended| Subject { watched: SignedDuration::from_hours(24 * days), ended };
        let mut all: Vec<Subject> = ended_after.iter().map(|days| subject(days, true)).collect();
        all.extend(open_for.iter().map(|days| subject(days, false)));
        Survival::of(&all)
    }

    #[test]
    fn what_is_drawn_is_also_told() {
        let all = of(&[2, 6], &[100, 100]);
        let svg = survival(&[Curve { name: "all", of: &all }], Some(&PUBLISHED));
        assert!(
            svg.contains("all, of 4: 100 % after 1 day, 75 % after 5 days, 50 % after 7 days"),
            "{svg}"
        );
        assert!(svg.contains("Published: more than 90 % after 5 days"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 6);
    }

    #[test]
    fn what_nobody_knows_is_not_drawn() {
        let young = of(&[], &[6]);
        let svg = survival(&[Curve { name: "all", of: &young }], None);
        assert_eq!(svg.matches("<circle").count(), 2, "days 1 and 5 only: {svg}");
        let none = survival(&[Curve { name: "all", of: &of(&[], &[]) }], None);
        assert!(none.contains("there is none yet") && !none.contains("<polyline"), "{none}");
    }
}
