//! The independent checker between a cleared plan and its first write.

use portcullis_proof::Refusal;

use crate::plan::{self, Account, Cleared, Plan};

use super::Stop;

/// So many refusals are told; the first tell what the others follow from.
const TOLD: usize = 5;

/// Hands the evidence of what was cleared to the checker.
///
/// # Errors
/// What it refuses: portcullis planned what it must not plan.
pub(super) fn prove(plan: &Plan, cleared: &Cleared, accounts: &[Account<'_>]) -> Result<(), Stop> {
    judge(&plan::evidence(plan, cleared, accounts))
}

fn judge(evidence: &str) -> Result<(), Stop> {
    let Err(refusals) = portcullis_proof::check(evidence) else { return Ok(()) };
    let told: Vec<String> = refusals.iter().take(TOLD).map(Refusal::to_string).collect();
    let more = refusals.len() - told.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Err(Stop::hinted(
        format!("the independent checker refuses this plan, and nothing was written: {}{more}", told.join("; ")),
        "this is a defect of portcullis: please report it, with what `portcullis plan --format json` prints",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_checker_refuses_stops_with_the_rule_and_whose_fault_it_is() {
        let Err(Stop::Failed { message, hint }) = judge("{}") else { panic!("that is no evidence") };
        assert!(message.contains("nothing was written") && message.ends_with("(shape)"), "{message}");
        assert!(hint.is_some_and(|hint| hint.contains("defect of portcullis")));
    }
}
