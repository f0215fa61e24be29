//! One item whose every text is an attack goes through every format, and stays text.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use quietus_export::emass::{EmassOptions, Layout, emass};
use quietus_export::fedramp::{PoamOptions, Report, VerOptions, poam, row_texts, ver};
use quietus_export::oscal::{self, OscalOptions};
use quietus_export::{About, Register, chart, csv, html, junit, markdown, sarif};
use quietus_model::{RepositoryId, SafeText};
use quietus_poam::{Action, DeviationKind, MilestoneKind, PoamItem, Policy};
use samples::now;
use samples::world::{MAIN, World, finding, place, survey};
use std::io::Read;

/// Formulas, markup of three kinds, terminal controls, and what turns text round.
const NASTY: &str = "=HYPERLINK(\"http://evil.example\",\"x\")|<script>alert(1)</script>\
    <img src=x onerror=alert(1)>![p](http://evil.example/p)[l](javascript:alert(1))\
    @everyone `code` ``` \u{1b}[31m\u{7}\u{0}\r\n+1-1\t\u{202E}gnp.exe\u{2066}\u{200F}\u{61C}\
    ]]>--><!-- &amp; {{ insert }} \"' onclick=\"alert(1)\" _x000D_";

/// The same, so long that no cell holds it.
fn long() -> String {
    NASTY.repeat(400)
}

fn nasty_items() -> Vec<PoamItem> {
    let mut world = World::new();
    let mut leaked = finding("nasty", vec![place(NASTY, &[MAIN, NASTY], -100)]);
    for location in &mut leaked.locations {
        location.repository = RepositoryId::named(NASTY);
        location.last_author = Some(SafeText::plain(NASTY));
        if let Some(introduced) = &mut location.introduced {
            introduced.author = SafeText::plain(NASTY);
            introduced.commit = "=1+1".into();
        }
    }
    leaked.tags = vec![NASTY.into()];
    let mut first = survey(0, vec![leaked]);
    first.scopes[0].repository = RepositoryId::named(NASTY);
    first.scopes[0].source = SafeText::plain(NASTY);
    first.assessments[0].kind.name = NASTY.into();
    first.assessments[0].kind.remedy.rotate = NASTY.into();
    first.assessments[0].kind.remedy.revoke = NASTY.into();
    first.assessments[0].kind.remedy.after_revoke = vec![NASTY.into()];
    world.take(&first);
    let who = format!("os:1000@{NASTY}");
    let mut act = |hours, action: &Action| world.act(hours, "nasty", &who, action).unwrap();
    act(1, &Action::Assign { to: NASTY.into() });
    act(2, &Action::Note { text: long() });
    act(3, &Action::Claim { milestone: MilestoneKind::Rotate, note: NASTY.into() });
    let open = world.item("nasty");
    let reason = NASTY.to_owned();
    let kind = DeviationKind::FalsePositive;
    world.act(4, "nasty", &who, &Action::Dismiss { kind, reason, until: None }).unwrap();
    let mut aside = world.item("nasty");
    (aside.number, aside.detection.fingerprint) = (2, samples::world::print_of("other"));
    let mut items = vec![open, aside];
    items[0].number = 1;
    items
}

fn with<T>(of: impl FnOnce(&Register<'_>) -> T) -> T {
    let policy = Policy::default();
    let about = About {
        system_name: NASTY.into(),
        organization: NASTY.into(),
        head: Some((1, NASTY.into())),
        version: NASTY.into(),
        ..About::default()
    };
    of(&Register::new(&nasty_items(), &[], about, &policy, now()))
}

/// What turns text round, ends a line or speaks to a terminal.
fn is_refused(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\r')
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Every text format by its name.
fn texts() -> Vec<(&'static str, String)> {
    with(|register| {
        let options = OscalOptions {
            system_name: NASTY.into(),
            organization: NASTY.into(),
            version: NASTY.into(),
            ..OscalOptions::default()
        };
        let ver_options = VerOptions {
            package: "https://trust.example.com/cpo.json".into(),
            from: samples::world::at(0),
            to: now(),
        };
        vec![
            (
                "oscal",
                oscal::poam(&register.items, &[], &options, now()).unwrap().to_string_pretty(),
            ),
            ("ver", ver(register, Report::Detail, &ver_options).unwrap()),
            ("csv", csv::csv(register).unwrap()),
            ("sarif", sarif::sarif(register)),
            ("junit", junit(register)),
            ("markdown", markdown::markdown(register, 10)),
            ("html", html::html(register).unwrap()),
            ("row", row_texts(&register.items[0], register, &PoamOptions::default()).join("\n")),
        ]
    })
}

#[test]
fn no_format_lets_controls_or_direction_marks_through() {
    for (name, text) in texts() {
        let found: Vec<char> = text.chars().filter(|c| is_refused(*c)).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
        assert!(text.contains("evil.example"), "{name} must hold the attack, or tests nothing");
    }
}

#[test]
fn nothing_of_it_is_markup_in_a_page_or_a_report() {
    let texts = texts();
    let of = |name: &str| &texts.iter().find(|(known, _)| *known == name).unwrap().1;
    let page = of("html");
    for live in ["<script>", "<img", "javascript:alert(1)\"", "onclick=\"", "<!-- "] {
        assert!(!page.contains(live), "{live}");
    }
    let xml = roxmltree::Document::parse(of("junit")).unwrap();
    let names: std::collections::BTreeSet<&str> = xml
        .descendants()
        .filter(|node| node.is_element())
        .map(|node| node.tag_name().name())
        .collect();
    let known =
        ["failure", "properties", "property", "skipped", "testcase", "testsuite", "testsuites"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
}

#[test]
fn nothing_of_it_is_markup_in_a_chat() {
    let texts = texts();
    let text = &texts.iter().find(|(known, _)| *known == "markdown").unwrap().1;
    // Without the code spans only our own words are left.
    let mut outside = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        let fence: String = rest[start..].chars().take_while(|c| *c == '`').collect();
        let inner = &rest[start + fence.len()..];
        let mut end = 0;
        loop {
            end += inner[end..].find('`').expect("a code span ends");
            let run = inner[end..].chars().take_while(|c| *c == '`').count();
            if run == fence.len() {
                break;
            }
            end += run;
        }
        rest = &inner[end + fence.len()..];
    }
    outside.push_str(rest);
    for word in ["evil", "script", "@", "](", "=HYPER"] {
        assert!(!outside.contains(word), "{word} in {outside}");
    }
    let cells = text.lines().find(|line| line.starts_with("| V-1")).unwrap();
    let bars = cells.replace("\\|", "").matches('|').count();
    assert_eq!(bars, 8, "no bar of the attack ends a cell: {cells}");
}

#[test]
fn no_cell_of_a_table_is_a_formula_or_too_long() {
    let text = with(|register| csv::csv(register).unwrap());
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let mut quoted = 0;
    for cell in
        reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
    {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        assert!(cell.encode_utf16().count() <= 32_767 && !cell.contains(['\n', '\r']));
        quoted += usize::from(cell.starts_with("'="));
    }
    assert!(quoted >= 3, "{quoted}");
}

#[test]
fn no_cell_of_a_workbook_is_a_formula_a_link_or_too_long() {
    let books = with(|register| {
        let emass = |layout| emass(register, layout, &EmassOptions::default()).unwrap();
        vec![
            poam(register, &PoamOptions { impact_level: None, service: Some(long()) }).unwrap(),
            emass(Layout::Army),
            emass(Layout::Navy),
        ]
    });
    for book in books {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book)).unwrap();
        let mut longest = 0;
        for at in 0..archive.len() {
            let mut part = archive.by_index(at).unwrap();
            let name = part.name().unwrap().into_owned();
            let mut xml = String::new();
            part.read_to_string(&mut xml).unwrap();
            let tree =
                roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                !name.contains("externalLink") && !xml.contains("TargetMode=\"External\""),
                "{name}"
            );
            for node in tree.descendants().filter(|node| node.is_element()) {
                assert!(
                    !["f", "hyperlink"].contains(&node.tag_name().name()),
                    "{name}: a formula or link"
                );
                if node.has_tag_name((
                    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                    "t",
                )) {
                    // What looks like an escape of the format is escaped itself, which no reader counts.
                    let text = node.text().unwrap_or_default().replace("_x005F_", "_");
                    longest = longest.max(text.encode_utf16().count());
                    assert!(!text.contains(is_refused), "{name}");
                }
            }
        }
        assert!((1_000..=32_767).contains(&longest), "{longest}");
    }
}

#[test]
fn a_chart_of_hostile_words_is_still_a_chart() {
    let survival = quietus_metrics::Survival::of(&[]);
    let svg = chart::survival(&[chart::Curve { name: NASTY, of: &survival }], None);
    let tree = roxmltree::Document::parse(&svg).unwrap();
    assert!(!tree.descendants().any(|node| ["script", "img"].contains(&node.tag_name().name())));
    assert!(svg.contains("evil.example") && !svg.contains(is_refused));
}
