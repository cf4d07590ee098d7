//! What is a file or member called? A name that can be shown, that no other member has and that leads nowhere.

use std::path::Path;

/// The name as text: what is no UTF-8 is shown byte by byte (`caf%E9.csv`), so that two names stay two.
pub fn readable(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("%{byte:02X}")));
    }
    text
}

/// The path as text, in the same way.
pub fn shown(path: &Path) -> String {
    readable(path.as_os_str().as_encoded_bytes())
}

/// The name of a member as messages show it: `/` between parts, no way up. `None` for what is hidden.
pub fn plain_name(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let hidden = parts.iter().any(|part| part.starts_with('.') || *part == "__MACOSX");
    (!parts.is_empty() && !hidden).then(|| parts.join("/"))
}

/// Where a symbolic link of this name leads within the archive; `None` for outside.
pub fn target(link: &str, to: &str) -> Option<String> {
    if to.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_and_stay_different() {
        assert_eq!(readable("é/a.csv".as_bytes()), "é/a.csv");
        assert_eq!(readable(b"caf\xe9.csv"), "caf%E9.csv");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            let path = |name: &'static [u8]| shown(Path::new(std::ffi::OsStr::from_bytes(name)));
            assert_eq!((path(b"d/\xff.csv"), path(b"d/\xfe.csv")), ("d/%FF.csv".into(), "d/%FE.csv".into()));
        }
        assert_eq!(plain_name("./a\\../b//c.csv").as_deref(), Some("a/b/c.csv"));
        assert_eq!((plain_name("a/.git/x"), plain_name("/")), (None, None));
    }

    #[test]
    fn links_lead_to_places_within() {
        assert_eq!(target("runs/last.csv", "../a.csv").as_deref(), Some("a.csv"));
        assert_eq!(target("runs/last", "./1/").as_deref(), Some("runs/1"));
        assert_eq!(target("runs/here", ".").as_deref(), Some("runs"));
        assert_eq!((target("a", "/etc/passwd"), target("a", "../b")), (None, None));
    }
}
