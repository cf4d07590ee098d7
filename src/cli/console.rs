//! Who hears what? Data on standard output, everything else on standard error, colours only on a terminal.

use super::{Format, Global};
use crate::render::text::TextOptions;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// The two streams, and how much the user wants to hear.
pub struct Console {
    pub seed: u64,
    format: Format,
    quiet: bool,
    colour: bool,
}

impl Console {
    pub fn new(global: &Global) -> Self {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { seed: global.seed, format: global.format, quiet: global.quiet, colour }
    }

    /// What the run found: the text for people, or the summary as JSON.
    pub fn result(&self, text: &str, summary: &impl Serialize) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        match self.format {
            Format::Text => out.write_all(text.as_bytes())?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, summary)?;
                out.write_all(b"\n")?;
            }
        }
        out.flush()?;
        Ok(())
    }

    /// How to set a table for standard output.
    pub fn text_options(&self) -> TextOptions {
        let out = std::io::stdout();
        let terminal = out.is_terminal();
        let width = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|c| *c >= 40);
        TextOptions {
            colour: terminal && std::env::var_os("NO_COLOR").is_none(),
            width: width.unwrap_or(if terminal { 100 } else { 120 }),
        }
    }

    /// The same for a table of long texts, which is only cut where a terminal would break its lines.
    pub fn uncut_text_options(&self) -> TextOptions {
        let options = self.text_options();
        let cut = std::io::stdout().is_terminal() || std::env::var_os("COLUMNS").is_some();
        TextOptions { width: if cut { options.width } else { usize::MAX }, ..options }
    }

    /// Something worth knowing that is not the result.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            let (on, off) = if self.colour { ("\u{1b}[2m", "\u{1b}[0m") } else { ("", "") };
            let _ = writeln!(std::io::stderr(), "{on}{text}{off}");
        }
    }

    /// Something that may change what the result means.
    pub fn warning(&self, text: &str) {
        if !self.quiet {
            let (on, off) = if self.colour { ("\u{1b}[33m", "\u{1b}[0m") } else { ("", "") };
            let _ = writeln!(std::io::stderr(), "{on}warning:{off} {text}");
        }
    }

    /// Why the run could not do what was asked.
    pub fn error(&self, error: &anyhow::Error) {
        let (on, off) = if self.colour { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        let _ = writeln!(std::io::stderr(), "{on}error:{off} {error:#}");
    }

    /// A bar for reading files, by bytes; hidden unless standard error is a terminal.
    pub fn reading(&self) -> ProgressBar {
        let bar = if self.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let template = "{spinner} reading {bytes} of {total_bytes} {wide_bar} {msg} ({elapsed})";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// A spinner for work of unknown length; hidden unless standard error is a terminal.
    pub fn spinner(&self, message: &str) -> ProgressBar {
        let bar = if self.quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(message.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    /// A bar for work whose end can be guessed; hidden unless standard error is a terminal.
    pub fn bar(&self, length: u64) -> ProgressBar {
        let bar = if self.quiet { ProgressBar::hidden() } else { ProgressBar::new(length) };
        if let Ok(style) = ProgressStyle::with_template("{spinner} [{bar:24}] {wide_msg} ({elapsed})") {
            bar.set_style(style.progress_chars("█▌ "));
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}

/// Whether the reader of our output has gone away, which is no failure of ours.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|e| e.io_error_kind() == Some(std::io::ErrorKind::BrokenPipe))
    })
}
