//! Figures in Prometheus' text exposition format, version 0.0.4.
//!
//! Figures of owners, teams and repositories have names of their own, so that nothing is counted twice
//! when a name is summed up: an item may stand in several repositories.

use quietus_metrics::{Figures, Metrics, Spans, Survival};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The name of a figure: its type, what it says, and its samples (labels and value).
type Family = (&'static str, &'static str, Vec<(String, f64)>);

/// A page: all families by name, so that each stands in it once.
#[derive(Clone, Debug, Default)]
pub struct Page(BTreeMap<String, Family>);

impl Page {
    /// A figure that may go up and down, with its labels.
    pub fn add(&mut self, name: &str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        let family = self.0.entry(name.to_owned()).or_insert_with(|| ("gauge", help, Vec::new()));
        family.2.push((text_of(labels), value));
    }

    fn count(&mut self, name: &str, help: &'static str, labels: &[(&str, &str)], count: usize) {
        self.add(name, help, labels, count as f64);
    }

    /// The two percentiles that are known, with the sum and the number of all.
    fn spans(&mut self, name: &str, help: &'static str, spans: &Spans) {
        let family = self.0.entry(name.to_owned()).or_insert_with(|| ("summary", help, Vec::new()));
        for (quantile, value) in [("0.5", spans.median_seconds), ("0.9", spans.p90_seconds)] {
            if let Some(value) = value {
                family.2.push((text_of(&[("quantile", quantile)]), value as f64));
            }
        }
        family.2.push(("_sum".to_owned(), spans.sum_seconds as f64));
        family.2.push(("_count".to_owned(), spans.count as f64));
    }

    /// The page as it is scraped. Ends with a line end, as the format asks.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, (kind, help, samples)) in &self.0 {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in samples {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }
}

/// The page of these metrics.
pub fn page(metrics: &Metrics) -> String {
    let mut page = Page::default();
    let all = &metrics.all;
    let at = metrics.at.as_second() as f64;
    page.add("quietus_metrics_timestamp_seconds", "When these figures were taken.", &[], at);
    states(&mut page, "quietus_items", &[], all);
    survival(&mut page, all);
    times(&mut page, all);
    backlog(&mut page, all);
    proof(&mut page, all);
    if let Some(week) = metrics.weeks.last() {
        let help = "What happened since Monday (UTC).";
        for (change, count) in
            [("opened", week.opened), ("closed", week.closed), ("reopened", week.reopened)]
        {
            page.count("quietus_week_items", help, &[("change", change)], count);
        }
    }
    for (label, name, groups) in [
        ("owner", "quietus_owner_items", &metrics.owners),
        ("team", "quietus_team_items", &metrics.teams),
        ("repository", "quietus_repository_items", &metrics.repositories),
    ] {
        for (of, figures) in groups {
            states(&mut page, name, &[(label, of)], figures);
        }
    }
    page.text()
}

fn states(page: &mut Page, name: &str, group: &[(&str, &str)], figures: &Figures) {
    let half = &figures.half_done;
    let help = "Items by state; open, set_aside and the closed ones add up to all.";
    for (state, count) in [
        ("open", figures.backlog.open),
        ("set_aside", figures.backlog.set_aside.values().sum()),
        ("closed_verified", figures.closures.verified),
        ("closed_attested", figures.closures.attested),
    ] {
        page.count(name, help, &[group, &[("state", state)]].concat(), count);
    }
    let marked = format!("{name}_marked");
    let help = "Items that a mark fits; several may fit one.";
    for (mark, count) in [
        ("live", figures.backlog.live),
        ("overdue", figures.backlog.overdue),
        ("stale", figures.verification.stale),
        ("removed_not_revoked", half.removed_not_revoked),
        ("removed_but_live", half.removed_but_live),
        ("rotated_not_revoked", half.rotated_not_revoked),
        ("rotated_but_live", half.rotated_but_live),
    ] {
        page.count(&marked, help, &[group, &[("mark", mark)]].concat(), count);
    }
}

fn survival(page: &mut Page, figures: &Figures) {
    let valid = &figures.still_valid;
    let curves: [(&str, &Survival); 3] = [
        ("all", &valid.all),
        ("seen_live", &valid.seen_live),
        ("counting_attested", &valid.counting_attested),
    ];
    for (of, curve) in curves {
        for point in &curve.after {
            let days = point.days.to_string();
            let labels = [("of", of), ("days", days.as_str())];
            if let Some(share) = point.share {
                let help = "Share of credentials still valid so many days after their item opened.";
                page.add("quietus_still_valid_ratio", help, &labels, share);
            }
            let help = "Credentials that were watched for so many days.";
            page.count("quietus_still_valid_watched", help, &labels, point.watched);
        }
    }
}

fn times(page: &mut Page, figures: &Figures) {
    let times = &figures.times;
    for (name, help, spans) in [
        ("detect", "From the first commit to detection.", &times.to_detect),
        ("revoke", "From detection to the proven end.", &times.to_revoke),
        ("close", "From detection to closure on proof.", &times.to_close),
        ("close_attested", "From detection to closure on people's word.", &times.to_close_attested),
    ] {
        page.spans(&format!("quietus_time_to_{name}_seconds"), help, spans);
    }
}

fn backlog(page: &mut Page, figures: &Figures) {
    for age in &figures.backlog.ages {
        let to = age.to_days.map_or("+Inf".to_owned(), |days| days.to_string());
        let labels = [("from_days", &*age.from_days.to_string()), ("to_days", &*to)];
        page.count("quietus_open_items_by_age", "Open items by age.", &labels, age.open);
    }
    for (kind, count) in &figures.backlog.set_aside {
        let help = "Items that are set aside, by the way they are.";
        page.count("quietus_set_aside_items", help, &[("kind", kind)], *count);
    }
    let dates = &figures.backlog.dates;
    let help = "Share of dates kept: as first set, and as they are now.";
    for (which, share) in [("original", dates.original_share), ("current", dates.current_share)] {
        if let Some(share) = share {
            page.add("quietus_dates_kept_ratio", help, &[("date", which)], share);
        }
    }
}

fn proof(page: &mut Page, figures: &Figures) {
    for (by, count) in [
        ("person", figures.closures.waived_by_person),
        ("policy", figures.closures.waived_by_policy),
    ] {
        let help = "Closed items with a waived milestone.";
        page.count("quietus_closed_items_with_waiver", help, &[("by", by)], count);
    }
    for (name, help, share) in [
        ("reopened", "Items reopened, of those ever closed.", figures.reopenings.rate),
        ("verification_coverage", "Open items answered for.", figures.verification.coverage),
        (
            "verification_stale",
            "Old answers, of what can be asked.",
            figures.verification.stale_share,
        ),
    ] {
        if let Some(share) = share {
            page.add(&format!("quietus_{name}_ratio"), help, &[], share);
        }
    }
}

/// `{name="value",…}`, escaped as the format asks; nothing for no labels.
fn text_of(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let one = |(name, value): &(&str, &str)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    };
    format!("{{{}}}", labels.iter().map(one).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_can_end_early() {
        let text = text_of(&[("owner", "a\"b\\c\nd"), ("x", "")]);
        assert_eq!(text, r#"{owner="a\"b\\c\nd",x=""}"#);
    }

    #[test]
    fn a_summary_has_its_sum_and_count_under_their_own_names() {
        let mut page = Page::default();
        let spans = Spans::of([jiff::SignedDuration::from_secs(7)]);
        page.spans("a_seconds", "A.", &spans);
        page.spans("b_seconds", "B.", &Spans::default());
        assert_eq!(
            page.text(),
            "# HELP a_seconds A.\n# TYPE a_seconds summary\na_seconds{quantile=\"0.5\"} 7\n\
             a_seconds{quantile=\"0.9\"} 7\na_seconds_sum 7\na_seconds_count 1\n\
             # HELP b_seconds B.\n# TYPE b_seconds summary\nb_seconds_sum 0\nb_seconds_count 0\n"
        );
    }
}
