//! What a path says by itself: Kubernetes' layout of pod logs, names of log files, names of directories.

use std::path::Path;

/// Words of a file name that name no service.
const WORDS: [&str; 4] = ["access", "log", "ssl", "other_vhosts"];
/// Endings that say how a file is packed or written.
const ENDINGS: [&str; 13] = [".log", ".gz", ".bz2", ".xz", ".zst", ".lz4", ".br", ".zip", ".z", ".txt", ".json", ".jsonl", ".old"];
/// Directories that name no service, but those that they lie in may.
const NAMELESS: [&str; 5] = ["nginx", "apache2", "httpd", "log", "logs"];
/// Directories of the Filesystem Hierarchy Standard, at whose names the search ends.
const SYSTEM: [&str; 10] = ["var", "srv", "opt", "usr", "home", "root", "tmp", "run", "mnt", "media"];

/// The service that an absolute path speaks of.
pub(super) fn label(path: &Path) -> Option<String> {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let (name, folders) = parts.split_last()?;
    let folders: Vec<&str> = folders.iter().map(AsRef::as_ref).collect();
    container(&folders, name).or_else(|| file(name)).or_else(|| folder(&folders)).filter(|label| !label.is_empty())
}

/// `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log` and `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`, as the kubelet
/// writes them; names in Kubernetes have no underscore.
fn container(folders: &[&str], name: &str) -> Option<String> {
    match folders {
        [.., "pods", pod, container] if pod.split('_').count() == 3 && name.starts_with(|c: char| c.is_ascii_digit()) => {
            Some((*container).to_owned())
        }
        [.., "containers"] => match name.strip_suffix(".log")?.split('_').collect::<Vec<_>>()[..] {
            [_, _, last] => last.rsplit_once('-').map(|(container, _)| container.to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// What a file name says beside that it is an access log, and of which rotation.
fn file(name: &str) -> Option<String> {
    let rest = without_endings(name);
    // IIS names its logs by the day alone.
    let rest = rest.strip_prefix("u_ex").filter(|day| day.bytes().all(|b| b.is_ascii_digit())).unwrap_or(rest);
    let (mut label, mut at) = (String::new(), 0);
    while let Some(next) = rest[at..].chars().next() {
        if let Some(word) = WORDS.into_iter().find(|word| is_word(rest, at, word)) {
            // With the word goes the separator before it: api.access.v2 is api.v2.
            label.truncate(label.trim_end_matches(SEPARATORS).len());
            at += word.len();
        } else {
            label.push(next);
            at += next.len_utf8();
        }
    }
    let label = label.trim_matches(SEPARATORS);
    label.contains(|c: char| !c.is_ascii_digit() && !SEPARATORS.contains(&c)).then(|| label.to_owned())
}

const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// Whether the word stands at this place, between separators.
fn is_word(text: &str, at: usize, word: &str) -> bool {
    let bound = |c: Option<char>| c.is_none_or(|c| SEPARATORS.contains(&c));
    let is = text[at..].get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    is && bound(text[..at].chars().next_back()) && bound(text[at + word.len()..].chars().next())
}

/// The name without `.gz`, `.log`, `.2`, `-20250614`, `.2025-06-14` and what else packing and rotation put at its end.
fn without_endings(name: &str) -> &str {
    let (mut rest, mut written) = (name, false);
    loop {
        let ending = ENDINGS.into_iter().find(|ending| {
            let at = rest.len().checked_sub(ending.len()).and_then(|at| rest.get(at..));
            at.is_some_and(|end| end.eq_ignore_ascii_case(ending))
        });
        rest = match (ending, without_date(rest)) {
            (Some(ending), _) => {
                written |= matches!(ending, ".log" | ".txt" | ".json" | ".jsonl");
                &rest[..rest.len() - ending.len()]
            }
            (None, Some(shorter)) => shorter,
            // A number counts rotations behind .log only: before it, it may belong to the name.
            (None, None) if !written => match rest.rsplit_once('.') {
                Some((shorter, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => shorter,
                _ => return rest,
            },
            (None, None) => return rest,
        };
    }
}

/// The name without a date or a time in seconds at its end.
fn without_date(name: &str) -> Option<&str> {
    let is_tail = |c: char| c.is_ascii_digit() || SEPARATORS.contains(&c);
    let mut at = name.trim_end_matches(is_tail).len();
    while let Some(separator) = name[at..].find(SEPARATORS) {
        let tail: Vec<&str> = name[at + separator + 1..].split(SEPARATORS).collect();
        let year = |number: &str| number.starts_with("19") || number.starts_with("20");
        let dated = match tail[..] {
            [y, m, d, ..] if y.len() == 4 && m.len() == 2 && d.len() == 2 => year(y),
            [number, ..] => matches!(number.len(), 8 | 10 | 12 | 14) && (year(number) || number.len() == 10),
            [] => false,
        };
        if dated {
            return Some(&name[..at + separator]);
        }
        at += separator + 1;
    }
    None
}

/// The nearest directory with a name of its own.
fn folder(folders: &[&str]) -> Option<String> {
    let named = |folder: &&&str| !NAMELESS.iter().any(|n| folder.eq_ignore_ascii_case(n));
    let folder = folders.iter().rev().find(named)?;
    // At the root of the file system, or a drive, or where all systems have the same directories, there is none.
    (!SYSTEM.contains(folder) && !folder.contains(['/', '\\', ':'])).then(|| (*folder).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_services() {
        for (path, service) in [
            ("/var/log/pods/prod_web-7d9f-x2x_0b1c2d3e-aaaa-bbbb-cccc-0123456789ab/nginx-proxy/0.log", "nginx-proxy"),
            ("/var/log/pods/prod_web-7d9f-x2x_0b1c/api/3.log.20250614-120000.gz", "api"),
            ("/var/log/containers/web-7d9f-x2x_prod_checkout-api-0123456789abcdef.log", "checkout-api"),
            ("/var/log/nginx/api.access.log.2.gz", "api"),
            ("/var/log/nginx/access-shop.log", "shop"),
            ("/var/log/nginx/shop_access.log-20250614", "shop"),
            ("/var/log/nginx/shop_access.log-20250614.gz", "shop"),
            ("/var/log/nginx/shop-access-2025-06-14.log", "shop"),
            ("/var/log/nginx/shop-2.access.log.1749859201.zst", "shop-2"),
            ("/var/log/nginx/api.access.v2.log", "api.v2"),
            ("/var/log/apache2/www.example.com-ssl_access.log", "www.example.com"),
            ("/var/log/apache2/www.example.com-ssl_log", "www.example.com"),
            ("/logs/localhost_access_log.2025-06-14.txt", "localhost"),
            ("/srv/shop/logs/access.log", "shop"),
            ("/srv/shop/logs/access_log", "shop"),
            ("/srv/shop/access.2025-06-14.log", "shop"),
            ("/srv/shop/logs/2025-06-14.log", "shop"),
            ("/srv/shop/ssl_access.log.10", "shop"),
            ("/inetpub/logs/LogFiles/W3SVC1/u_ex250614.log", "W3SVC1"),
            ("/var/log/nginx/catalog.log", "catalog"),
            ("/var/log/nginx/LOGIN.Access.LOG", "LOGIN"),
            ("/var/log/nginx/überblick.log", "überblick"),
        ] {
            assert_eq!(label(Path::new(path)).as_deref(), Some(service), "{path}");
        }
    }

    #[test]
    fn paths_that_say_nothing_name_none() {
        for path in ["/var/log/nginx/access.log", "/var/log/apache2/other_vhosts_access.log", "/access.log", "/var/log/log", "/tmp/1.log"] {
            assert_eq!(label(Path::new(path)), None, "{path}");
        }
    }
}
