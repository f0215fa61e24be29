//! The columns of eMASS' templates from B on, with their headers byte for byte.

use super::Layout;

/// One column, by what it means; layouts differ in which they have, and in some headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    ItemId,
    Description,
    Controls,
    SecurityChecks,
    Status,
    Scheduled,
    AcceptedUntil,
    Completed,
    MilestoneId,
    Milestone,
    MilestoneStatus,
    MilestoneComments,
    MilestoneScheduled,
    MilestoneCompleted,
    Source,
    SourceDetails,
    Office,
    Resources,
    Comments,
    RawSeverity,
    Devices,
    Mitigations,
    Conditions,
    Severity,
    Relevance,
    Threat,
    Likelihood,
    Impact,
    ImpactDescription,
    ResidualRisk,
    Recommendations,
    ResultingRisk,
    CfoAudit,
    /// A column for costs, which nothing is known of.
    Cost(&'static str),
}

use Column::*;

const ARMY: [Column; 40] = [
    ItemId,
    Description,
    Controls,
    SecurityChecks,
    Status,
    Scheduled,
    AcceptedUntil,
    Completed,
    MilestoneId,
    Milestone,
    MilestoneStatus,
    MilestoneComments,
    MilestoneScheduled,
    MilestoneCompleted,
    Source,
    SourceDetails,
    Office,
    Resources,
    Comments,
    RawSeverity,
    Devices,
    Mitigations,
    Severity,
    Relevance,
    Likelihood,
    Impact,
    ImpactDescription,
    ResidualRisk,
    Recommendations,
    CfoAudit,
    Cost("Personnel Resources: \nCost Code"),
    Cost("Personnel Resources: Funded Base Hours"),
    Cost("Personnel Resources: Unfunded Base Hours"),
    Cost("Personnel Resources: \nNon-Funding Obstacle"),
    Cost("Personnel Resources: Non-Funded Obstacle Other Reason"),
    Cost("Non-Personnel Resources: Cost Code"),
    Cost("Non-Personnel Resources: Funded Amount"),
    Cost("Non-Personnel Resources: Unfunded Amount"),
    Cost("Non-Personnel Resources: Non-Funding Obstacle"),
    Cost("Non-Personnel Resources: Non-Funding Obstacle Other reason"),
];

const NAVY: [Column; 32] = [
    ItemId,
    Description,
    Controls,
    SecurityChecks,
    Status,
    Scheduled,
    AcceptedUntil,
    Completed,
    MilestoneId,
    Milestone,
    MilestoneStatus,
    MilestoneComments,
    MilestoneScheduled,
    MilestoneCompleted,
    Source,
    SourceDetails,
    Office,
    Resources,
    Comments,
    RawSeverity,
    Devices,
    Mitigations,
    Conditions,
    Severity,
    Relevance,
    Threat,
    Likelihood,
    Impact,
    ImpactDescription,
    ResidualRisk,
    Recommendations,
    ResultingRisk,
];

/// The columns of a layout from B on.
pub(super) fn of(layout: Layout) -> &'static [Column] {
    match layout {
        Layout::Army => &ARMY,
        Layout::Navy => &NAVY,
        Layout::MarineCorps => &NAVY[..NAVY.len() - 1],
    }
}

impl Column {
    /// The header, as the layout's template writes it.
    pub(super) fn header(self, layout: Layout) -> &'static str {
        match self {
            ItemId => "POA&M Item ID",
            Description => "Control Vulnerability Description",
            Controls => "Controls / APs",
            SecurityChecks => "Security Checks",
            Status => "POA&M Status",
            Scheduled => "POA&M Scheduled Completion Date",
            AcceptedUntil => "POA&M Requested Risk Accepted Expiration Date",
            Completed => "POA&M Completion Date",
            MilestoneId => "Milestone ID",
            Milestone => "Milestone Description",
            MilestoneStatus => "Milestone Status",
            MilestoneComments => "Milestone Status Comments",
            MilestoneScheduled => "Milestone Scheduled Completion Date",
            MilestoneCompleted => "Milestone Completion Date",
            // With the blank at its end that the Army's template has.
            Source if layout == Layout::Army => "Identification Source ",
            Source => "Identification Source",
            SourceDetails => "Identification Source Details",
            Office => "Office/Org",
            Resources => "Resources Required",
            Comments => "Comments",
            RawSeverity => "Raw Severity",
            Devices => "Devices Affected",
            Mitigations if layout == Layout::Navy => {
                "Mitigations (in-house and in conjunction with the Navy CSSP)"
            }
            Mitigations => "Mitigations",
            Conditions => "Predisposing Conditions",
            Severity => "Severity",
            Relevance => "Relevance of Threat",
            Threat => "Threat Description",
            Likelihood => "Likelihood",
            Impact => "Impact",
            ImpactDescription => "Impact Description",
            ResidualRisk => "Residual Risk Level",
            Recommendations => "Recommendations",
            ResultingRisk => "Resulting Residual Risk after Proposed Mitigations",
            CfoAudit => "Identified in CFO Audit or other review",
            Cost(header) => header,
        }
    }

    /// How wide it is, in characters.
    pub(super) fn width(self) -> u16 {
        match self {
            Description | Comments | Recommendations => 50,
            Milestone | MilestoneComments | SourceDetails | Mitigations => 40,
            Devices | Office | Threat | ImpactDescription | Conditions => 32,
            Resources | Source => 22,
            _ => 15,
        }
    }
}
