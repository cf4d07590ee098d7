//! What if a library panics where it should fail? The panic becomes an error, told once and in our words.
//!
//! Some damage makes readers of binary formats panic (a length that overflows, a page that contradicts its header).
//! What runs here must leave nothing behind but its result, so that no half-changed state can be seen after a panic.

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic on this thread is caught and told as an error.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the message of a caught panic off the user's terminal, where the error that it becomes is told in its
/// place; every other panic is reported as before.
fn quiet_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                usual(info);
            }
        }));
    });
}

/// Reads, and gives what went wrong as one line, errors and panics alike.
///
/// # Errors
/// The first line of the error or of the panic.
pub fn guard<T, E: Display>(read: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    quiet_hook();
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(before);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(first_line(&error.to_string())),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(first_line(text.unwrap_or("contradictory content")))
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_panics_become_one_line() {
        assert_eq!(guard(|| Ok::<_, String>(3)), Ok(3));
        assert_eq!(guard(|| Err::<(), _>("short\nand long")), Err("short".to_owned()));
        let too_far = |at: usize| guard(|| Ok::<_, String>([1, 2][at]));
        assert_eq!(too_far(1), Ok(2));
        assert!(too_far(2).unwrap_err().contains("out of bounds"));
    }
}
