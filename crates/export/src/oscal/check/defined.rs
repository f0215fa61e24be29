//! What a document defines, and which field refers to what.

use super::{Node, Problem, ProblemKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The sorts of thing that are referred to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Sort {
    Component,
    Finding,
    InventoryItem,
    Location,
    Observation,
    Party,
    Platform,
    Remediation,
    Resource,
    Risk,
    Role,
    Task,
    User,
}

impl Sort {
    /// What the objects of an array are.
    fn held_in(field: &str) -> Option<Self> {
        Some(match field {
            "components" => Self::Component,
            "findings" => Self::Finding,
            "inventory-items" => Self::InventoryItem,
            "locations" => Self::Location,
            "observations" => Self::Observation,
            "parties" => Self::Party,
            "assessment-platforms" => Self::Platform,
            "remediations" => Self::Remediation,
            "resources" => Self::Resource,
            "risks" => Self::Risk,
            "roles" => Self::Role,
            "tasks" => Self::Task,
            "users" => Self::User,
            _ => return None,
        })
    }

    /// What a field refers to; `kind` is the `type` beside it.
    pub(super) fn referred_to(field: &str, kind: Option<&str>) -> Option<Self> {
        Some(match (field, kind) {
            ("component-uuid", _) => Self::Component,
            ("finding-uuid", _) => Self::Finding,
            ("location-uuids", _) => Self::Location,
            ("observation-uuid", _) => Self::Observation,
            ("party-uuid" | "party-uuids" | "member-of-organizations", _) => Self::Party,
            ("response-uuid", _) => Self::Remediation,
            ("risk-uuid", _) => Self::Risk,
            ("role-id", _) => Self::Role,
            ("task-uuid", _) => Self::Task,
            ("actor-uuid", Some("tool")) => Self::Component,
            ("actor-uuid", Some("assessment-platform")) => Self::Platform,
            ("actor-uuid", Some("party")) => Self::Party,
            ("subject-uuid", Some("component")) => Self::Component,
            ("subject-uuid", Some("inventory-item")) => Self::InventoryItem,
            ("subject-uuid", Some("location")) => Self::Location,
            ("subject-uuid", Some("party")) => Self::Party,
            ("subject-uuid", Some("resource")) => Self::Resource,
            ("subject-uuid", Some("user")) => Self::User,
            _ => return None,
        })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Component => "component",
            Self::Finding => "finding",
            Self::InventoryItem => "inventory item",
            Self::Location => "location",
            Self::Observation => "observation",
            Self::Party => "party",
            Self::Platform => "assessment platform",
            Self::Remediation => "remediation",
            Self::Resource => "back-matter resource",
            Self::Risk => "risk",
            Self::Role => "role",
            Self::Task => "task",
            Self::User => "user",
        })
    }
}

/// Everything that a document defines.
pub(super) struct Defined {
    ids: BTreeMap<Sort, BTreeSet<String>>,
    /// Every UUID with the place that defined it first.
    uuids: BTreeMap<String, String>,
    imports_plan: bool,
}

impl Defined {
    pub(super) fn new(imports_plan: bool) -> Self {
        Self { ids: BTreeMap::new(), uuids: BTreeMap::new(), imports_plan }
    }

    /// Takes an object in; a problem when it defines what another one has defined.
    pub(super) fn take(&mut self, node: &Node<'_>) -> Option<Problem> {
        let sort = Sort::held_in(node.field);
        let (field, id) = match sort {
            Some(Sort::Role) => ("id", node.text("id")?),
            _ => ("uuid", node.text("uuid")?),
        };
        // UUIDs are the same in upper and lower case; role ids are not.
        let id = if field == "uuid" { id.to_ascii_lowercase() } else { id.to_owned() };
        let is_new = sort.is_none_or(|sort| self.ids.entry(sort).or_default().insert(id.clone()));
        let first = if field == "uuid" { self.uuids.get(&id).cloned() } else { None };
        if is_new && first.is_none() {
            if field == "uuid" {
                self.uuids.insert(id, node.at.to_owned());
            }
            return None;
        }
        let place = first.map_or_else(|| "another role".to_owned(), |at| format!("{at}/uuid"));
        let message = format!("\"{id}\" is taken by {place}");
        Some(node.problem(field, ProblemKind::DefinedTwice, message))
    }

    /// Whether `id` is defined, or may be defined elsewhere.
    pub(super) fn holds(&self, sort: Sort, id: &str) -> bool {
        let elsewhere = matches!(sort, Sort::Component | Sort::InventoryItem | Sort::User);
        let id = if sort == Sort::Role { id.to_owned() } else { id.to_ascii_lowercase() };
        (elsewhere && self.imports_plan)
            || self.ids.get(&sort).is_some_and(|known| known.contains(&id))
    }
}
