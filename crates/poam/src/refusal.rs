//! Why an action is refused, and what would make it legal.

use crate::{Class, DeviationKind, Duty, MilestoneKind, Role, StepId, Subject};
use jiff::Timestamp;

/// Why an action is refused, and what would make it legal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The item is closed.
    #[error("the item is closed; only a note or `item act ID reopen --reason …` is possible")]
    Closed,
    /// The item is open.
    #[error(
        "the item is not closed, so there is nothing to reopen; `quietus item why ID` tells where it stands"
    )]
    NotClosed,
    /// The item is set aside.
    #[error("the item is set aside ({kind}); end that first with `item act ID resume --reason …`")]
    SetAside {
        /// In which way.
        kind: &'static str,
    },
    /// The item is not set aside.
    #[error(
        "the item is not set aside, so there is nothing to resume; `quietus item why ID` tells where it stands"
    )]
    NotSetAside,
    /// It waits for nobody to sort it.
    #[error("its clock runs already; only what `quietus onboard` found waits to be sorted")]
    Triaged,
    /// Nothing was said.
    #[error("the text is blank; say who, or what was done")]
    Blank,
    /// Only a person may do this.
    #[error(
        "only a person may do this, and the program is not one; run the command as whoever decides"
    )]
    NeedsPerson,
    /// This milestone can never be waived.
    #[error(
        "{milestone} cannot be waived: without it nothing shows that the credential is dead; \
         revoke it at its issuer and run `quietus retest --validate`"
    )]
    CannotWaive {
        /// Which.
        milestone: MilestoneKind,
    },
    /// Nobody may claim this milestone.
    #[error("retest is not claimed by people: run `quietus retest --validate`, which verifies it")]
    CannotClaimRetest,
    /// The milestone is done already.
    #[error("{milestone} is already {progress}, and nothing more is needed for it")]
    AlreadyDone {
        /// Which.
        milestone: MilestoneKind,
        /// How.
        progress: &'static str,
    },
    /// The reason is too short to tell a reviewer anything.
    #[error("a reason of at least {least} characters is needed, so that a reviewer can follow it")]
    ReasonTooShort {
        /// The least length in characters.
        least: usize,
    },
    /// The credential works.
    #[error(
        "{target} accepted this credential at {at}: it is live and cannot be set aside; \
         revoke it first"
    )]
    Live {
        /// Where.
        target: String,
        /// When.
        at: Timestamp,
    },
    /// An issuer can be asked, so nobody's word is needed.
    #[error(
        "the issuer of this kind can be asked, so it closes only on the issuer's own denial: \
         run `quietus retest --validate`"
    )]
    AskInstead,
    /// Its bytes stand nowhere any more, and its value is in escrow.
    #[error(
        "its value is in escrow, so its issuer can be asked: `quietus retest ID --validate --identity \
         FILE`; if nobody can open it any more, `quietus escrow destroy ID --reason …` comes first"
    )]
    OpenInstead,
    /// Nothing of it is sealed.
    #[error("nothing of it is in escrow; `quietus escrow list` shows what is")]
    NotInEscrow,
    /// The same file is attached.
    #[error("the same bytes are attached as {name} since {at}; nothing more is needed")]
    AlreadyAttached {
        /// Under which name.
        name: String,
        /// Since when.
        at: Timestamp,
    },
    /// The same person cannot attest twice.
    #[error("{by} has attested already; another person must do so as well")]
    AlreadyAttested {
        /// Who.
        by: String,
    },
    /// There is nobody to ask, so there is no target to bind it to.
    #[error(
        "no recipe asks an issuer of this kind, so there is nothing to bind it to; two people may \
         attest that it is dead: `quietus item act ID attest`"
    )]
    NobodyToAsk,
    /// Nobody bound it there.
    #[error("nobody bound it to \"{endpoint}\"; bound to: {bound}")]
    NotBound {
        /// What was given.
        endpoint: String,
        /// What there is.
        bound: String,
    },
    /// It is not theirs to do.
    #[error(
        "{who} holds {roles} and may not {duty}; whoever may holds one of: {allowed}. Roles are given \
         out under [roles] of the configuration"
    )]
    NoSuchDuty {
        /// Who.
        who: String,
        /// What they hold.
        roles: String,
        /// What they want to do.
        duty: Duty,
        /// Who may.
        allowed: String,
    },
    /// It is too early to approve.
    #[error("not yet to be approved: {}", blockers.join("; "))]
    NotReady {
        /// What stands in the way.
        blockers: Vec<String>,
    },
    /// The approver had a hand in it.
    #[error(
        "{who} {role}; it takes somebody who is independent: neither the owner nor whoever completed \
         a milestone or bound an issuer approves a closure, and nobody grants what they asked for"
    )]
    NotIndependent {
        /// Who.
        who: String,
        /// Which hand they had in it.
        role: &'static str,
    },
    /// The date is not possible.
    #[error("{date} is not possible: {why}")]
    BadDate {
        /// The date.
        date: Timestamp,
        /// Why.
        why: String,
    },
    /// Policy does not set it aside in this way.
    #[error(
        "policy \"{policy}\" sets nothing aside as {deviation} that was {class}; bring it to its \
         end, or set it aside in another way"
    )]
    NoDeviation {
        /// In which way.
        deviation: DeviationKind,
        /// What the item is.
        class: Class,
        /// The policy.
        policy: String,
    },
    /// It was asked for already.
    #[error(
        "{by} asked for that at {at}; another person decides with `item act ID grant {subject}` or \
         `decline {subject}`"
    )]
    AlreadyRequested {
        /// What it is about.
        subject: Subject,
        /// Who asked.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Nobody asked for it.
    #[error(
        "nobody asked for that ({subject}), so there is nothing to decide; what waits for a \
         decision: {waiting}"
    )]
    NotRequested {
        /// What it is about.
        subject: Subject,
        /// What waits.
        waiting: String,
    },
    /// Only an authorising official decides this.
    #[error(
        "{who} is no authorising official, and this takes one: {}",
        if officials.is_empty() {
            "give them the role under [roles] of the configuration, or write their ids into \
             people.officials of the policy"
        } else {
            officials
        }
    )]
    NotOfficial {
        /// Who.
        who: String,
        /// Who is.
        officials: String,
    },
    /// Only people whose id is proven decide this.
    #[error(
        "the policy counts only people whose id is proven (people.authenticated), and nothing \
         proves that of {who}; decide it in an authenticated session"
    )]
    NotAuthenticated {
        /// Who.
        who: String,
    },
    /// There is no break-glass.
    #[error(
        "policy \"{policy}\" has no break-glass (people.break_glass): find somebody who is \
         independent"
    )]
    NoBreakGlass {
        /// The policy.
        policy: String,
    },
    /// No more extensions.
    #[error(
        "{milestone} cannot be extended: {why}; do it by its date and tell why it was late in a note"
    )]
    NoExtension {
        /// Which.
        milestone: MilestoneKind,
        /// Why.
        why: String,
    },
    /// The playbook is open already.
    #[error("the playbook \"{playbook}\" is open already; `quietus item why ID` tells its steps")]
    PlaybookOpen {
        /// Which.
        playbook: String,
    },
    /// No step has this name, or several have.
    #[error("\"{name}\" names no single step; write playbook/step, one of: {known}")]
    NoSuchStep {
        /// What was given.
        name: String,
        /// What there is.
        known: String,
    },
    /// The step is done already.
    #[error("{step} is already {progress}, and nothing more is needed for it")]
    StepDone {
        /// Which.
        step: StepId,
        /// How.
        progress: &'static str,
    },
    /// Other steps come first.
    #[error("{step} comes after {before}; finish that first")]
    StepWaits {
        /// Which.
        step: StepId,
        /// What comes first.
        before: String,
    },
    /// Nobody's word ends this step.
    #[error("{step} is not claimed by people; it is done when: {exit}")]
    CannotClaimStep {
        /// Which.
        step: StepId,
        /// What is looked at.
        exit: &'static str,
    },
    /// No file shows it.
    #[error("{step} is done when a file shows it; name it with --evidence FILE")]
    NothingShown {
        /// Which.
        step: StepId,
    },
    /// This step can never be waived.
    #[error("{step} cannot be waived: the rest is worth nothing without it. Done when: {exit}")]
    CannotWaiveStep {
        /// Which.
        step: StepId,
        /// What is looked at.
        exit: &'static str,
    },
    /// The step gets no later date.
    #[error("{step} cannot be extended: {why}")]
    NoStepExtension {
        /// Which.
        step: StepId,
        /// Why.
        why: String,
    },
    /// The step is somebody else's.
    #[error(
        "{who} holds {roles}, and this step is the {role}'s. Roles are given out under [roles] of \
         the configuration"
    )]
    NotResponsible {
        /// Who.
        who: String,
        /// What they hold.
        roles: String,
        /// Whose it is.
        role: Role,
    },
}
