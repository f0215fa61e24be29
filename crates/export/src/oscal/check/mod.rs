//! Consistency of a POA&M where no validator looks: references, names, states, UUIDs.
//!
//! The JSON schema says what a document is made of. What is checked here stands in the metaschema's
//! constraints, or in no rule at all, and was let through by every validator that was tried.

mod defined;
mod namespace;
mod nist;
mod required;

use defined::{Defined, Sort};
use serde_json::{Map, Value};
use std::fmt;
use uuid::Uuid;

/// Something in a document that contradicts something else in it, or the rules of OSCAL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Problem {
    /// Where: a JSON pointer.
    pub at: String,
    /// Of which kind.
    pub kind: ProblemKind,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// The kinds of problem.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProblemKind {
    /// It is no POA&M.
    NotAPoam,
    /// Neither the system nor its security plan is named.
    NoSystem,
    /// A UUID or role id is defined twice.
    DefinedTwice,
    /// A UUID is of another version than 4 or 5.
    UuidVersion,
    /// A reference leads to nothing.
    Dangling,
    /// A risk status or status change that OSCAL does not name.
    UnknownStatus,
    /// A property or facet in NIST's namespace that NIST does not name there.
    UnknownName,
    /// A value that NIST does not allow for its property.
    UnknownValue,
    /// A hash that is not as long as its algorithm makes it.
    HashLength,
    /// A span of time that ends before it begins.
    Backwards,
    /// A field that must stand there does not, or is empty.
    Missing,
    /// A moment that is none, or has no zone.
    BadMoment,
    /// A namespace that is nearly a known one.
    WrongNamespace,
}

impl ProblemKind {
    /// One word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAPoam => "not-a-poam",
            Self::NoSystem => "no-system",
            Self::DefinedTwice => "defined-twice",
            Self::UuidVersion => "uuid-version",
            Self::Dangling => "dangling",
            Self::UnknownStatus => "unknown-status",
            Self::UnknownName => "unknown-name",
            Self::UnknownValue => "unknown-value",
            Self::HashLength => "hash-length",
            Self::Backwards => "backwards",
            Self::Missing => "missing",
            Self::BadMoment => "bad-moment",
            Self::WrongNamespace => "wrong-namespace",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// Everything that is inconsistent in `document`, in the order of places; empty when nothing is.
///
/// Where the document imports a system security plan, components, users and inventory items may
/// stand there, so references to those are not judged.
pub fn check(document: &Value) -> Vec<Problem> {
    let root = "plan-of-action-and-milestones";
    let Some(poam) = document.get(root).and_then(Value::as_object) else {
        return vec![Problem {
            at: String::new(),
            kind: ProblemKind::NotAPoam,
            message: format!("there is no \"{root}\" object at the top"),
        }];
    };
    let mut problems = Vec::new();
    if !poam.contains_key("import-ssp") && !poam.contains_key("system-id") {
        problems.push(Problem {
            at: format!("/{root}"),
            kind: ProblemKind::NoSystem,
            message: "neither import-ssp nor system-id names the system it belongs to".to_owned(),
        });
    }
    let mut defined = Defined::new(poam.contains_key("import-ssp"));
    visit(document, "", &mut String::new(), &mut |node| {
        problems.extend(defined.take(node));
    });
    visit(document, "", &mut String::new(), &mut |node| {
        problems.extend(references(node, &defined));
        problems.extend(uuids(node));
        problems.extend(states(node));
        problems.extend(nist::names(node));
        problems.extend(hash_length(node));
        problems.extend(backwards(node));
        problems.extend(required::fields(node));
        problems.extend(required::moments(node));
        problems.extend(namespace::namespaces(node));
    });
    problems.extend(namespace::item_ids(document));
    problems.sort();
    problems
}

/// One object of the document.
struct Node<'a> {
    /// The field that holds it, itself or in an array.
    field: &'a str,
    object: &'a Map<String, Value>,
    /// Its JSON pointer.
    at: &'a str,
}

impl Node<'_> {
    fn text(&self, field: &str) -> Option<&str> {
        self.object.get(field).and_then(Value::as_str)
    }

    /// A problem with one of its fields.
    fn problem(&self, field: &str, kind: ProblemKind, message: String) -> Problem {
        Problem { at: format!("{}/{field}", self.at), kind, message }
    }
}

/// Calls `each` for every object, from the outside in.
fn visit(value: &Value, field: &str, at: &mut String, each: &mut impl FnMut(&Node<'_>)) {
    let length = at.len();
    match value {
        Value::Object(object) => {
            each(&Node { field, object, at });
            for (name, inner) in object {
                at.push('/');
                at.push_str(name);
                visit(inner, name, at, each);
                at.truncate(length);
            }
        }
        Value::Array(values) => {
            for (index, inner) in values.iter().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                visit(inner, field, at, each);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

/// Every text of `value`: itself, or those of an array.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let own = value.as_str().into_iter();
    own.chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn references(node: &Node<'_>, defined: &Defined) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (field, value) in node.object {
        let Some(sort) = Sort::referred_to(field, node.text("type")) else { continue };
        for id in texts(value) {
            if !defined.holds(sort, id) {
                let message = format!("\"{id}\" is no {sort} of this document");
                problems.push(node.problem(field, ProblemKind::Dangling, message));
            }
        }
    }
    if let Some(id) = node.text("href").and_then(|href| href.strip_prefix('#'))
        && !defined.holds(Sort::Resource, id)
    {
        let message = format!("\"#{id}\" is no {} of this document", Sort::Resource);
        problems.push(node.problem("href", ProblemKind::Dangling, message));
    }
    problems
}

fn uuids(node: &Node<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (field, value) in node.object {
        let holds_uuids = field == "uuid" || field.ends_with("-uuid") || field.ends_with("-uuids");
        for id in texts(value).filter(|_| holds_uuids) {
            let version = Uuid::parse_str(id).ok().map(|uuid| uuid.get_version_num());
            if !matches!(version, Some(4 | 5)) {
                let message = format!("\"{id}\" is no UUID of version 4 or 5");
                problems.push(node.problem(field, ProblemKind::UuidVersion, message));
            }
        }
    }
    problems
}

fn states(node: &Node<'_>) -> Option<Problem> {
    let field = match node.field {
        "risks" => "status",
        "entries" => "status-change",
        _ => return None,
    };
    let status = node.text(field)?;
    if nist::RISK_STATUS.contains(&status) {
        return None;
    }
    let message = format!("\"{status}\" is none of: {}", nist::RISK_STATUS.join(", "));
    Some(node.problem(field, ProblemKind::UnknownStatus, message))
}

fn hash_length(node: &Node<'_>) -> Option<Problem> {
    let (algorithm, value) = (node.text("algorithm")?, node.text("value")?);
    let bits: usize = algorithm.rsplit('-').next()?.parse().ok()?;
    let is_hex = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && value.len() * 4 == bits {
        return None;
    }
    let message = format!("a value of {algorithm} has {} hex digits", bits / 4);
    Some(node.problem("value", ProblemKind::HashLength, message))
}

fn backwards(node: &Node<'_>) -> Option<Problem> {
    if node.field != "within-date-range" {
        return None;
    }
    let moment = |field| node.text(field)?.parse::<jiff::Timestamp>().ok();
    let (start, end) = (moment("start")?, moment("end")?);
    let message = format!("it ends at {end}, before it begins at {start}");
    (end < start).then(|| node.problem("end", ProblemKind::Backwards, message))
}
