//! A policy in sentences.

use super::duration::in_words;
use super::reading::DEVIATIONS;
use super::{ClosureMode, Consent, Policy};
use crate::{Class, MilestoneKind};
use quietus_model::times;

impl Policy {
    /// What it says, in sentences; lines of a list begin with a dash.
    pub fn explain(&self) -> Vec<String> {
        let mut said = vec![format!("Policy \"{}\": {}", self.name, self.summary)];
        said.extend(
            self.extends.iter().map(|base| {
                format!("What it leaves out is said by the shipped policy \"{base}\".")
            }),
        );
        said.push(format!("Its digest is {}; it stands in every event.", self.digest));
        said.push(self.explain_proof());
        said.push(self.explain_closure());
        said.push("Counted from detection, at the latest:".to_owned());
        let classes =
            [Class::LivePrivileged, Class::Live, Class::Unknown, Class::Dead, Class::Dummy];
        said.extend(classes.map(|class| self.explain_dates(class)));
        said.push(self.explain_extensions());
        said.push("What works is never set aside. Else:".to_owned());
        said.extend(DEVIATIONS.map(|(_, kind)| {
            let rules = self.deviation(kind);
            let longest = |length| in_words(self.dismissal.longest.min(length));
            let (now, then) =
                (terms(rules.consent, longest(rules.longest)), longest(rules.once_live_longest));
            let then = terms(rules.once_live, then);
            let once = if now == then { String::new() } else { format!("; once live: {then}") };
            format!("- as {kind}: {now}{once}.")
        }));
        said.push(self.explain_people());
        said.push(self.explain_cadence());
        said.push(self.explain_playbooks());
        said.extend(self.remarks().into_iter().map(|remark| format!("Note: {remark}.")));
        said
    }

    fn explain_proof(&self) -> String {
        let proof = &self.proof;
        let places = match proof.vantages {
            1 => String::new(),
            many => format!(", asked from {many} places on the network"),
        };
        let beside = match proof.known_good {
            true => {
                " The last denial must stand beside the acceptance of a credential that is known to \
                 work, or a person decides."
            }
            false => "",
        };
        format!(
            "A credential is verified dead when every issuer that is known to be the right one has \
             denied it {}, the first and the last at least {} apart and the last at most {} \
             ago{places}, and has not accepted it since; or once, after its own final receipt. Where \
             no recipe can ask, {} must attest it.{beside}",
            times(proof.confirmations as u64),
            in_words(proof.spread),
            in_words(proof.freshness),
            people(proof.attestors),
        )
    }

    fn explain_closure(&self) -> String {
        let mut needs = vec!["every milestone is verified or waived", "the credential is dead"];
        for (asked, what) in [
            (self.evidence.owner, "somebody owns it"),
            (self.evidence.root_cause, "how it leaked is recorded"),
            (
                self.evidence.impact_check,
                "it is recorded whether anybody used it, looked up once it was dead",
            ),
        ] {
            if asked {
                needs.push(what);
            }
        }
        let how = match self.closure {
            ClosureMode::Automatic => {
                "Where the proof is weak an independent person approves; else an item closes by itself"
            }
            ClosureMode::Approved => {
                "An item closes when a person approves it who is neither its owner nor completed a \
                 milestone"
            }
        };
        let rotation = if self.rotation.waive_when_dead {
            "A rotation that left no trace is waived once the credential is verified dead."
        } else {
            "A rotation that left no trace is waived by a person only."
        };
        format!("{how}, and only when: {}. {rotation}", needs.join("; "))
    }

    fn explain_dates(&self, class: Class) -> String {
        let date =
            |kind: MilestoneKind| format!("{kind} {}", in_words(self.allowance(class, kind)));
        format!("- {class}: {}.", MilestoneKind::ALL.map(date).join(", "))
    }

    fn explain_extensions(&self) -> String {
        let rules = &self.extensions;
        if rules.consent == Consent::Never || rules.most == 0 {
            return "No milestone gets a later date.".to_owned();
        }
        let urgent = match rules.live_privileged {
            Consent::Never => "never for what is live and privileged".to_owned(),
            consent => format!("for what is live and privileged {}", consent.in_words()),
        };
        format!(
            "A milestone may get a later date {} in a round, all together at most {} % of what its \
             class allows, {}, {urgent}. Its original date stays beside it.",
            times(rules.most as u64),
            rules.reach,
            rules.consent.in_words(),
        )
    }

    fn explain_people(&self) -> String {
        let people = &self.people;
        let officials = match people.officials.as_slice() {
            [] => "Nobody is named an authorising official.".to_owned(),
            names => format!("Authorising officials: {}.", names.join(", ")),
        };
        let proven = if people.authenticated {
            " Only people whose id is proven approve and grant."
        } else {
            ""
        };
        let glass = if people.break_glass {
            "Who is not independent may approve and grant all the same, saying why (break-glass); it \
             is recorded."
        } else {
            "Who is not independent never approves or grants: there is no break-glass."
        };
        format!("{officials}{proven} {glass}")
    }

    fn explain_playbooks(&self) -> String {
        let rules = &self.playbooks;
        let oldest = in_words(rules.oldest);
        let opened = match rules.by_evidence.as_slice() {
            [] => "Playbooks are suggested where the evidence calls for one, and opened by hand."
                .to_owned(),
            names => format!(
                "The evidence opens these playbooks, and an item closes only when they are done: {}.",
                names.join(", ")
            ),
        };
        format!(
            "{opened} A credential that still works {oldest} after it was committed is not rotated."
        )
    }

    fn explain_cadence(&self) -> String {
        let after: Vec<String> = self.cadence.closed.iter().map(|after| in_words(*after)).collect();
        let closed = match after.as_slice() {
            [] => "never again".to_owned(),
            after => format!("after {}", after.join(", ")),
        };
        format!(
            "An open item is asked about every {}, a closed one {closed}. A verification older than \
             {} is stale. A value in escrow is destroyed {} after its item closed.",
            in_words(self.cadence.open),
            in_words(self.cadence.stale),
            in_words(self.escrow.keep),
        )
    }
}

impl Consent {
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Own => "on one person's decision",
            Self::Another => "with another person's consent",
            Self::Official => "with the consent of an authorising official",
            Self::Never => "never",
        }
    }
}

fn terms(consent: Consent, longest: String) -> String {
    match consent {
        Consent::Never => consent.in_words().to_owned(),
        _ => format!("for {longest} at most, {}", consent.in_words()),
    }
}

fn people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}
