//! Which options make no sense? One error for each way, with the value and what is allowed.

use thiserror::Error;

/// Why no data could be simulated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SimulationError {
    /// A number outside its range.
    #[error("{name} is {value}; it must be {}", range(*.low, *.high))]
    OutOfRange {
        /// The option.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The smallest value allowed.
        low: f64,
        /// The largest value allowed; infinite where there is none.
        high: f64,
    },
    /// A list of abilities of another length than the number of models.
    #[error("{given} abilities are given for {n_models} models; give one for each model")]
    AbilityCount {
        /// Abilities given.
        given: usize,
        /// Models asked for.
        n_models: usize,
    },
    /// An option that needs another one.
    #[error("{name} is {value}, {reason}")]
    Incompatible {
        /// The option.
        name: &'static str,
        /// Its value.
        value: String,
        /// Why it cannot be, and what to do.
        reason: &'static str,
    },
    /// More planted errors than items to hold them.
    #[error(
        "the planted errors take {n_needed} items (a duplicate takes its original, too), but n_items is \
         {n_items}; ask for smaller shares or more items"
    )]
    TooManyFaults {
        /// Items needed.
        n_needed: usize,
        /// Items asked for.
        n_items: usize,
    },
}

fn range(low: f64, high: f64) -> String {
    if high == f64::INFINITY {
        format!("finite and at least {low}")
    } else if low == f64::NEG_INFINITY {
        format!("finite and at most {high}")
    } else {
        format!("between {low} and {high}")
    }
}

/// `value`, if it is finite and lies in `low ..= high`.
pub(crate) fn within(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), SimulationError> {
    if value.is_finite() && (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(SimulationError::OutOfRange { name, value, low, high })
    }
}

/// `value`, if it is a share.
pub(crate) fn share(name: &'static str, value: f64) -> Result<(), SimulationError> {
    within(name, value, 0.0, 1.0)
}

/// `value`, if it is finite and not negative.
pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<(), SimulationError> {
    within(name, value, 0.0, f64::INFINITY)
}

/// `value`, if it is finite.
pub(crate) fn finite(name: &'static str, value: f64) -> Result<(), SimulationError> {
    within(name, value, f64::MIN, f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_value_and_what_is_allowed() {
        let text = |e: Result<(), SimulationError>| e.unwrap_err().to_string();
        assert_eq!(text(share("missing", 1.5)), "missing is 1.5; it must be between 0 and 1");
        assert_eq!(text(not_negative("sd", -1.0)), "sd is -1; it must be finite and at least 0");
        assert_eq!(text(share("missing", f64::NAN)), "missing is NaN; it must be between 0 and 1");
        assert!(not_negative("sd", f64::INFINITY).is_err());
    }
}
