//! JUnit XML: a test case for each item and each repository, for pipelines that show such reports.
//!
//! An open item fails, one that is set aside is skipped, a closed one passes; a repository without a
//! complete scan fails as well. The form is the one that Jenkins and GitLab read.

use crate::text::xml;
use crate::weakness;
use crate::{Register, Watched};
use quietus_poam::PoamItem;
use std::fmt::Write;

/// What came of a case.
enum Outcome {
    Passed,
    Skipped(String),
    Failed { kind: &'static str, says: String },
}

struct Case {
    class: String,
    name: String,
    outcome: Outcome,
    /// What there is to read of it.
    text: Vec<String>,
}

/// The report.
pub fn junit(register: &Register<'_>) -> String {
    let items: Vec<Case> = register.items.iter().map(|item| of_item(item, register)).collect();
    let repositories: Vec<Case> = register.repositories().iter().map(of_repository).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failed, skipped) = count(items.iter().chain(&repositories));
    let _ = writeln!(
        out,
        "<testsuites name=\"quietus\" tests=\"{tests}\" failures=\"{failed}\" skipped=\"{skipped}\" \
         errors=\"0\">"
    );
    suite(&mut out, "Leaked credentials", &items, register);
    suite(&mut out, "Complete scans", &repositories, register);
    out.push_str("</testsuites>\n");
    out
}

fn count<'a>(cases: impl Iterator<Item = &'a Case>) -> (usize, usize, usize) {
    cases.fold((0, 0, 0), |(all, failed, skipped), case| match case.outcome {
        Outcome::Passed => (all + 1, failed, skipped),
        Outcome::Failed { .. } => (all + 1, failed + 1, skipped),
        Outcome::Skipped(_) => (all + 1, failed, skipped + 1),
    })
}

fn suite(out: &mut String, name: &str, cases: &[Case], register: &Register<'_>) {
    let (tests, failed, skipped) = count(cases.iter());
    let at = register.now.strftime("%Y-%m-%dT%H:%M:%S");
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failed}\" skipped=\"{skipped}\" \
         errors=\"0\" time=\"0\" timestamp=\"{at}\">",
        xml(name)
    );
    out.push_str("    <properties>\n");
    for (name, value) in register.facts() {
        let _ = writeln!(out, "      <property name=\"{}\" value=\"{}\"/>", xml(name), xml(&value));
    }
    out.push_str("    </properties>\n");
    cases.iter().for_each(|case| write_case(out, case));
    out.push_str("  </testsuite>\n");
}

fn write_case(out: &mut String, case: &Case) {
    let (class, name) = (xml(&case.class), xml(&case.name));
    let _ = write!(out, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\"");
    let text = case.text.iter().map(|line| xml(line)).collect::<Vec<_>>().join("\n");
    let _ = match &case.outcome {
        Outcome::Passed => writeln!(out, "/>"),
        Outcome::Skipped(why) => {
            writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", xml(why))
        }
        Outcome::Failed { kind, says } => writeln!(
            out,
            ">\n      <failure type=\"{kind}\" message=\"{}\">{text}</failure>\n    </testcase>",
            xml(says)
        ),
    };
}

fn of_item(item: &PoamItem, register: &Register<'_>) -> Case {
    let now = register.now;
    let outcome = if item.closure.is_some() {
        Outcome::Passed
    } else if let Some(aside) = &item.deviation {
        let until = weakness::day(aside.until);
        Outcome::Skipped(format!("{} until {until}: {}", aside.kind, aside.reason))
    } else {
        let kind = match item.liveness(now) {
            "live" => "live",
            _ if item.is_overdue(now) => "overdue",
            _ => "open",
        };
        let works = weakness::liveness(item, now);
        Outcome::Failed { kind, says: format!("{}; whether it works: {works}", item.phase()) }
    };
    let mut text = weakness::description(item, now);
    text.extend(item.why(register.policy, now).into_iter().skip(1));
    Case {
        class: weakness::assets(item).join(" "),
        name: format!("{} {}", item.id(), weakness::name(item)),
        outcome,
        text,
    }
}

fn of_repository(repository: &Watched) -> Case {
    let outcome = match repository.last_complete {
        Some(_) => Outcome::Passed,
        None => Outcome::Failed {
            kind: "incomplete",
            says: "no complete scan: nothing is known to be gone from it".to_owned(),
        },
    };
    let last = repository.last.map_or("never".to_owned(), |at| at.to_string());
    Case {
        class: repository.name.clone(),
        name: "scanned completely".to_owned(),
        outcome,
        text: vec![format!("Last scan: {last}, gaps: {}.", repository.gaps)],
    }
}
