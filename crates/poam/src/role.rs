//! Who may do what: roles, the duties that go with them, and the table that gives them to people.

use crate::{Action, Actor, Refusal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A part that somebody has in the life of an item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// A service that reports what scans found.
    Scanner,
    /// Sees to credentials: rotates, revokes, removes.
    Owner,
    /// Sorts items out, gives them to owners, sets aside, collects evidence.
    Analyst,
    /// Looks at the evidence and lets items close; consents to what others ask for.
    Approver,
    /// Decides for the organisation which risks are borne.
    Official,
    /// Looks at everything, the log included, and touches nothing.
    Auditor,
    /// Keeps the program running: people, tokens, configuration. Decides nothing.
    Admin,
}

/// What roles are given for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Duty {
    /// See items.
    Look,
    /// See the whole ledger and check it.
    Audit,
    /// Hand in surveys.
    Report,
    /// Name who sees to an item.
    Assign,
    /// Work on milestones: begin, claim; ask for a later date.
    Work,
    /// Waive a milestone.
    Waive,
    /// Ask the issuer to revoke a credential.
    Revoke,
    /// Put evidence on record: attest, bind, root cause, impact.
    Evidence,
    /// Set an item aside, or ask for it, and take it up again.
    SetAside,
    /// Open a closed item again.
    Reopen,
    /// Remark on an item.
    Remark,
    /// Consent to what another person asked for, or not.
    Decide,
    /// Approve that an item closes.
    Approve,
    /// Keep people, tokens and configuration.
    Administer,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Viewer,
        Self::Scanner,
        Self::Owner,
        Self::Analyst,
        Self::Approver,
        Self::Official,
        Self::Auditor,
        Self::Admin,
    ];

    /// The name in lower case, as configuration has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Scanner => "scanner",
            Self::Owner => "owner",
            Self::Analyst => "analyst",
            Self::Approver => "approver",
            Self::Official => "official",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// What it is given for. Nobody who works on items decides about them by the same role, and
    /// whoever runs the program decides nothing (NIST SP 800-53 AC-5).
    pub fn duties(self) -> &'static [Duty] {
        use Duty::{
            Administer, Approve, Assign, Audit, Decide, Evidence, Look, Remark, Reopen, Report,
            Revoke, SetAside, Waive, Work,
        };
        match self {
            Self::Viewer => &[Look],
            Self::Scanner => &[Look, Report, Reopen, Remark],
            Self::Owner => &[Look, Assign, Work, Revoke, Evidence, SetAside, Reopen, Remark],
            Self::Analyst => {
                &[Look, Report, Assign, Work, Waive, Revoke, Evidence, SetAside, Reopen, Remark]
            }
            Self::Approver => &[Look, Decide, Approve, Reopen, Remark],
            Self::Official => &[Look, Decide, Reopen, Remark],
            Self::Auditor => &[Look, Audit],
            Self::Admin => &[Look, Assign, Remark, Administer],
        }
    }

    /// Whether it is given for `duty`.
    pub fn has(self, duty: Duty) -> bool {
        self.duties().contains(&duty)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("\"{text}\" is none of: {}", names()))
    }
}

/// The roles somebody holds. Where an organisation gives out none they are undivided, as for a person
/// who works alone: every duty is theirs, and what takes two people takes two all the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(Option<BTreeSet<Role>>);

impl Roles {
    /// Every duty: nobody gives out roles here.
    pub fn undivided() -> Self {
        Self(None)
    }

    /// These and no others.
    pub fn held(roles: impl IntoIterator<Item = Role>) -> Self {
        Self(Some(roles.into_iter().collect()))
    }

    /// Whether roles are not given out at all.
    pub fn is_undivided(&self) -> bool {
        self.0.is_none()
    }

    /// Whether one of them is `role`; undivided ones name none.
    pub fn includes(&self, role: Role) -> bool {
        self.0.as_ref().is_some_and(|held| held.contains(&role))
    }

    /// Whether they are enough for `duty`.
    pub fn have(&self, duty: Duty) -> bool {
        self.0.as_ref().is_none_or(|held| held.iter().any(|role| role.has(duty)))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.pad("every role"),
            Some(held) if held.is_empty() => f.pad("no role"),
            Some(held) => {
                let names: Vec<&str> = held.iter().map(|role| role.as_str()).collect();
                f.pad(&names.join(", "))
            }
        }
    }
}

/// Who holds which role: for each role the ids of people and services. An id is an account of a
/// machine (`os:1000@host`, or `os:1000` on whatever host) or the subject of a session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleTable(BTreeMap<Role, Vec<String>>);

impl RoleTable {
    /// Whether it gives out any.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// What `id` holds: every duty where the table is empty, and the right to look where it names
    /// others only.
    pub fn of(&self, id: &str) -> Roles {
        if self.is_empty() {
            return Roles::undivided();
        }
        Roles::held(self.named(id).chain([Role::Viewer]))
    }

    /// The roles that it gives to `id` by name.
    pub fn named(&self, id: &str) -> impl Iterator<Item = Role> {
        // A right is given to an account as it is written; only who writes no host means all hosts.
        let named = move |given: &String| {
            given == id || (!given.contains('@') && given == Actor::account(id))
        };
        self.0.iter().filter(move |(_, ids)| ids.iter().any(named)).map(|(role, _)| *role)
    }
}

impl Action {
    /// The duty it belongs to.
    pub fn duty(&self) -> Duty {
        match self {
            Self::Assign { .. } => Duty::Assign,
            Self::Triage => Duty::SetAside,
            Self::Start { .. } | Self::Claim { .. } | Self::Extend { .. } => Duty::Work,
            Self::Waive { .. } => Duty::Waive,
            Self::Attest { .. }
            | Self::Bind { .. }
            | Self::Unbind { .. }
            | Self::Cause { .. }
            | Self::Impact { .. }
            | Self::Attach { .. } => Duty::Evidence,
            Self::Dismiss { .. } | Self::Resume { .. } => Duty::SetAside,
            Self::Grant { .. } | Self::Decline { .. } => Duty::Decide,
            Self::Approve { .. } => Duty::Approve,
            Self::Reopen { .. } => Duty::Reopen,
            Self::Follow { .. } => Duty::Evidence,
            // Whose step it is says the playbook; to look is the least.
            Self::Step { .. } => Duty::Look,
            Self::Note { .. } => Duty::Remark,
        }
    }
}

impl Duty {
    /// For people: what somebody may or may not do.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Look => "see items",
            Self::Audit => "see the whole ledger",
            Self::Report => "hand in surveys",
            Self::Assign => "assign items",
            Self::Work => "work on milestones",
            Self::Waive => "waive milestones",
            Self::Revoke => "revoke credentials",
            Self::Evidence => "put evidence on record",
            Self::SetAside => "set items aside",
            Self::Reopen => "reopen items",
            Self::Remark => "remark on items",
            Self::Decide => "decide what others ask for",
            Self::Approve => "approve closures",
            Self::Administer => "administer",
        }
    }

    /// Refuses it to somebody whose roles are not given for it, naming the roles that are.
    ///
    /// # Errors
    /// [`Refusal::NoSuchDuty`].
    pub fn asked_of(self, by: &Actor) -> Result<(), Refusal> {
        let roles = by.roles();
        if roles.have(self) {
            return Ok(());
        }
        let allowed = Role::ALL.into_iter().filter(|role| role.has(self));
        let allowed: Vec<&str> = allowed.map(Role::as_str).collect();
        Err(Refusal::NoSuchDuty {
            who: by.to_string(),
            roles: roles.to_string(),
            duty: self,
            allowed: allowed.join(", "),
        })
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_both_works_on_items_and_decides_about_them() {
        for role in Role::ALL {
            let works = [Duty::Work, Duty::Waive, Duty::Evidence, Duty::Revoke, Duty::SetAside];
            let works = works.iter().any(|duty| role.has(*duty));
            let decides = role.has(Duty::Approve) || role.has(Duty::Decide);
            assert!(!(works && decides), "{role}");
            assert!(!(role.has(Duty::Administer) && decides), "{role}");
            assert!(role.has(Duty::Look), "{role}");
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!(Role::Auditor.duties(), [Duty::Look, Duty::Audit]);
        assert!(!Role::Scanner.has(Duty::Evidence) && !Role::Scanner.has(Duty::Work));
    }

    #[test]
    fn a_table_gives_roles_to_those_it_names() {
        let table: RoleTable = toml::from_str(
            "analyst = [\"os:1000\"]\napprover = [\"os:1001@ops\", \"ann@example.org\"]",
        )
        .unwrap();
        let roles = |id: &str| table.of(id);
        assert!(roles("os:1000@anywhere").includes(Role::Analyst));
        assert!(roles("os:1001@ops").includes(Role::Approver));
        assert!(!roles("os:1001@elsewhere").includes(Role::Approver));
        assert!(roles("ann@example.org").have(Duty::Approve));
        assert!(!roles("ann").have(Duty::Approve) && roles("ann").have(Duty::Look));
        assert!(RoleTable::default().of("anybody").is_undivided());
        assert!(toml::from_str::<RoleTable>("boss = []").is_err());
    }
}
