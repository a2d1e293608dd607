//! Finding and reading the files of a folder. What is no manifest is refused before it is read.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Diagnostic;
use super::diagnostic::quoted;
use crate::model::{Place, Source, is_unprintable};

/// The largest file that is read, in bytes.
pub const MOST_BYTES: u64 = 256 << 20;
/// The most files that are read from one folder.
pub const MOST_FILES: usize = 100_000;

/// The texts of all files, by name: for excerpts.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: BTreeMap<Arc<str>, Arc<Source>>,
}

impl Sources {
    /// One text that stands alone: LIVE.yaml.
    pub fn single(name: &str, text: &str) -> Self {
        let mut all = Self::default();
        all.add(Arc::new(Source::new(name, text)));
        all
    }
    pub fn add(&mut self, source: Arc<Source>) {
        self.files.insert(source.name().clone(), source);
    }
    pub fn get(&self, name: &str) -> Option<&Arc<Source>> {
        self.files.get(name)
    }
    /// Sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.files.values()
    }
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// Every `*.yaml` and `*.yml` below `dir`, hidden folders left out, sorted by path, and the names of
/// those that can be parsed; what is wrong with the others is in the list.
pub fn read(dir: &Path) -> (Sources, Vec<Arc<str>>, Vec<Diagnostic>) {
    let (mut sources, mut whole, mut wrong) = (Sources::default(), Vec::new(), Vec::new());
    let root = match dir.canonicalize() {
        Ok(root) if root.is_dir() => root,
        Ok(_) => return (sources, whole, vec![unreadable(&dir.display().to_string(), "is no folder")]),
        Err(e) => return (sources, whole, vec![unreadable(&dir.display().to_string(), &reason(&e))]),
    };
    for (name, path) in find(dir, &root, &mut wrong) {
        let bytes = match regular(&root, &path).and_then(|file| bytes_of(file, MOST_BYTES)) {
            Ok(bytes) => bytes,
            Err(Refused { code, why }) => {
                wrong.push(Diagnostic::error(code, format!("{} {why}", quoted(&name)), Place::start_of(&name)));
                continue;
            }
        };
        let (source, problem) = decode(&name, bytes);
        match problem {
            Some(problem) => wrong.push(problem),
            None => whole.push(source.name().clone()),
        }
        sources.add(source);
    }
    (sources, whole, wrong)
}

/// Reads one file that stands alone, LIVE.yaml, with the same care.
///
/// # Errors
/// One diagnostic that says what is wrong with the file or its bytes.
pub fn read_one(path: &Path) -> Result<Arc<Source>, Box<Diagnostic>> {
    let name = path.display().to_string();
    let refused = |Refused { code, why }| Box::new(Diagnostic::error(code, format!("{} {why}", quoted(&name)), Place::start_of(&name)));
    let unreadable = |e: std::io::Error| refused(Refused { code: "unreadable-file", why: reason(&e) });
    // Asked before it is opened: opening a pipe would wait for its other end.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(refused(Refused { code: "not-a-file", why: "is not a regular file".into() }));
    }
    let bytes = bytes_of(fs::File::open(path).map_err(unreadable)?, MOST_BYTES).map_err(refused)?;
    match decode(&name, bytes) {
        (source, None) => Ok(source),
        (_, Some(problem)) => Err(Box::new(problem)),
    }
}

/// Reads a file of the folder that is no manifest, an export, with the same care: a regular one,
/// inside the folder when all links are followed.
///
/// # Errors
/// Why it is not read, as a phrase that follows its name.
pub fn bytes_below(folder: &Path, file: &Path, most: u64) -> Result<Vec<u8>, String> {
    let root = folder.canonicalize().map_err(|e| reason(&e))?;
    regular(&root, &root.join(file)).and_then(|file| bytes_of(file, most)).map_err(|refused| refused.why)
}

fn unreadable(name: &str, why: &str) -> Diagnostic {
    Diagnostic::error("unreadable-file", format!("{} {why}", quoted(name)), Place::start_of(name))
}

fn reason(e: &std::io::Error) -> String {
    match e.kind() {
        std::io::ErrorKind::NotFound => "does not exist".into(),
        std::io::ErrorKind::PermissionDenied => "may not be read".into(),
        _ => format!("cannot be read: {e}"),
    }
}

/// Names relative to the folder, with `/`, and where they stand.
fn find(dir: &Path, root: &Path, wrong: &mut Vec<Diagnostic>) -> Vec<(String, PathBuf)> {
    let hidden = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && entry.file_type().is_dir() && entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(dir).follow_links(false).into_iter().filter_entry(|e| !hidden(e)) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                let name = e.path().map_or_else(|| dir.display().to_string(), |p| relative(dir, p));
                wrong.push(unreadable(&name, &e.io_error().map_or_else(|| "cannot be read".into(), reason)));
                continue;
            }
        };
        // Nothing behind it is read, and whoever made it thinks that it is.
        if leaves(root, &entry) {
            let name = relative(dir, entry.path());
            let message = format!("{} is a link that leaves the folder of the manifests", quoted(&name));
            wrong.push(Diagnostic::error("outside-the-folder", message, Place::start_of(&name)));
            continue;
        }
        let manifest = entry.path().extension().is_some_and(|e| e == "yaml" || e == "yml");
        if !manifest || entry.file_type().is_dir() {
            continue;
        }
        if found.len() == MOST_FILES {
            wrong.push(unreadable(&relative(dir, entry.path()), &format!("is one of more than {MOST_FILES} files: the rest is not read")));
            break;
        }
        let name = relative(dir, entry.path());
        // names of files stand in messages and plans
        if name.chars().any(is_unprintable) {
            let message = format!("the name of the file {} holds a control or invisible formatting character", quoted(&name));
            wrong.push(Diagnostic::error("control-character", message, Place::start_of(quoted(&name).trim_matches('`'))));
            continue;
        }
        found.push((name, entry.into_path()));
    }
    found.sort();
    found
}

/// A link to a folder elsewhere; links to files are looked at where they are read.
fn leaves(root: &Path, entry: &walkdir::DirEntry) -> bool {
    let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
    entry.path_is_symlink() && !hidden && entry.path().canonicalize().is_ok_and(|real| real.is_dir() && !real.starts_with(root))
}

fn relative(dir: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(dir).unwrap_or(path).components();
    let parts: Vec<_> = parts.map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    parts.join("/")
}

struct Refused {
    code: &'static str,
    why: String,
}

/// Opens a file only after it is known to be a regular one inside the folder: a pipe would block,
/// a link could show any file of this machine in an excerpt.
fn regular(root: &Path, path: &Path) -> Result<fs::File, Refused> {
    let unreadable = |e: std::io::Error| Refused { code: "unreadable-file", why: reason(&e) };
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(_) if path.is_symlink() => {
            return Err(Refused { code: "outside-the-folder", why: "is a link to nothing that can be read".into() });
        }
        Err(e) => return Err(unreadable(e)),
    };
    if !real.starts_with(root) {
        return Err(Refused { code: "outside-the-folder", why: "is a link that leaves the folder of the manifests".into() });
    }
    let meta = fs::metadata(&real).map_err(unreadable)?;
    if meta.is_dir() {
        return Err(Refused { code: "not-a-file", why: "is a link to a folder".into() });
    }
    if !meta.is_file() {
        return Err(Refused { code: "not-a-file", why: "is not a regular file".into() });
    }
    fs::File::open(&real).map_err(unreadable)
}

fn bytes_of(file: fs::File, most: u64) -> Result<Vec<u8>, Refused> {
    let unreadable = |e: std::io::Error| Refused { code: "unreadable-file", why: reason(&e) };
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(Refused { code: "not-a-file", why: "is not a regular file".into() });
    }
    let mut bytes = Vec::new();
    // one byte more than allowed: the file may grow while it is read
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(Refused { code: "too-large", why: format!("is larger than {most} bytes") });
    }
    Ok(bytes)
}

/// The text, and the first thing in it that is no text.
fn decode(name: &str, bytes: Vec<u8>) -> (Arc<Source>, Option<Diagnostic>) {
    let (text, broken) = match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(e) => {
            let valid = e.utf8_error().valid_up_to();
            (String::from_utf8_lossy(e.as_bytes()).into_owned(), Some(valid))
        }
    };
    let source = Arc::new(Source::new(name, text));
    if let Some(at) = broken {
        let problem = Diagnostic::error("bad-utf-8", "bytes that are no UTF-8", Place::new(&source, at..at)).expected("text in UTF-8");
        return (source, Some(problem));
    }
    let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    // most files hold none, and nothing beside ASCII: that is quickly seen
    let is_plain = |b: u8| matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let searched = if source.text().bytes().all(is_plain) { "" } else { source.text() };
    let problem = searched.char_indices().find(|(_, c)| forbidden(*c)).map(|(at, c)| {
        let place = Place::new(&source, at..at + c.len_utf8());
        Diagnostic::error("control-character", format!("a control character (U+{:04X}) that YAML does not allow", u32::from(c)), place)
            .hint("write it as an escape in double quotes, where it is meant")
    });
    (source, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_folders_are_left_out_and_names_are_sorted() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["z.yaml", "a/b.yml", ".git/c.yaml", "d.txt"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let (_, whole, wrong) = read(dir.path());
        assert_eq!(whole.iter().map(|n| &**n).collect::<Vec<_>>(), ["a/b.yml", "z.yaml"]);
        assert!(wrong.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_hostile_file_name_is_refused_without_being_repeated() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a\u{202e}\n.yaml"), "people: {}").unwrap();
        let (_, whole, wrong) = read(dir.path());
        assert!(whole.is_empty());
        assert_eq!(wrong[0].code, "control-character");
        assert!(!format!("{} {}", wrong[0].place, wrong[0].message).contains(is_unprintable));
    }

    #[test]
    fn a_missing_folder_is_a_diagnostic() {
        let dir = tempfile::tempdir().unwrap();
        let (_, _, wrong) = read(&dir.path().join("none"));
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].code, "unreadable-file");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_leave_the_folder_and_irregular_files_are_refused_before_they_are_read() {
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("manifests");
        fs::create_dir(&dir).unwrap();
        fs::write(outer.path().join("secret.yaml"), "people: {}").unwrap();
        fs::write(dir.join("inside.yaml"), "").unwrap();
        std::os::unix::fs::symlink("../secret.yaml", dir.join("out.yaml")).unwrap();
        std::os::unix::fs::symlink("inside.yaml", dir.join("link.yaml")).unwrap();
        std::os::unix::fs::symlink("nowhere.yaml", dir.join("dead.yaml")).unwrap();
        // a socket: opening one like a file would fail, reading a pipe would wait for ever
        let _socket = std::os::unix::net::UnixListener::bind(dir.join("s.yaml")).unwrap();
        let (sources, whole, wrong) = read(&dir);
        assert_eq!(whole.iter().map(|n| &**n).collect::<Vec<_>>(), ["inside.yaml", "link.yaml"]);
        let said: Vec<_> = wrong.iter().map(|d| (d.place.file(), d.code)).collect();
        assert_eq!(said, [("dead.yaml", "outside-the-folder"), ("out.yaml", "outside-the-folder"), ("s.yaml", "not-a-file")]);
        assert!(sources.iter().all(|s| !s.text().contains("people")));
    }

    #[cfg(unix)]
    #[test]
    fn folders_behind_links_are_read_once_or_refused_by_name() {
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("manifests");
        for name in ["manifests/inside", "manifests/.hidden", "elsewhere"] {
            let folder = outer.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("o.yaml"), "people: {}").unwrap();
        }
        for (link, to) in [("again", "inside"), ("loop", "."), ("out", "../elsewhere"), (".dots", "../elsewhere")] {
            std::os::unix::fs::symlink(to, dir.join(link)).unwrap();
        }
        let (sources, whole, wrong) = read(&dir);
        assert_eq!(whole.iter().map(|n| &**n).collect::<Vec<_>>(), ["inside/o.yaml"]);
        let said: Vec<_> = wrong.iter().map(|d| (d.place.file(), d.code)).collect();
        assert_eq!(said, [("out", "outside-the-folder")]);
        assert_eq!(sources.iter().count(), 1);
    }

    #[test]
    fn bytes_that_are_no_text_are_located() {
        let (_, bad) = decode("a.yaml", b"a: 1\nb: \xff\n".to_vec());
        let bad = bad.unwrap();
        assert_eq!((bad.code, bad.place.line(), bad.place.column()), ("bad-utf-8", 2, 4));
        let (_, nul) = decode("a.yaml", b"\x00\n".to_vec());
        assert_eq!(nul.unwrap().code, "control-character");
        for text in ["a: \u{7f}", "a: \u{9b}", "\u{e9}: \u{1}"] {
            let (_, bad) = decode("a.yaml", text.into());
            assert_eq!(bad.map(|b| (b.code, b.place.line(), b.place.column())), Some(("control-character", 1, 4)), "{text:?}");
        }
        assert!(decode("a.yaml", "\u{feff}a: \t1\r\n".into()).1.is_none());
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "0123456789").unwrap();
        assert!(bytes_of(fs::File::open(&path).unwrap(), 10).is_ok());
        assert!(bytes_of(fs::File::open(&path).unwrap(), 9).is_err_and(|r| r.code == "too-large"));
    }
}
