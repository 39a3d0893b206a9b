//! Which files of a directory hold documents.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Whether a file of this name is read when its directory is. Hidden files are not: editors and volume mounts keep
/// their own there.
pub fn is_document_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    !is_hidden(path) && ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The document files below a directory.
#[derive(Debug, Default)]
pub struct Listing {
    /// The files, in the order of their paths.
    pub files: BTreeSet<PathBuf>,
    /// What could not be listed: nobody knows what is below it.
    pub unlisted: Vec<Unlisted>,
}

/// A path that could not be listed.
#[derive(Debug)]
pub struct Unlisted {
    /// The path.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// Lists the document files below a directory. `Err` if the directory itself cannot be listed.
pub fn list(directory: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    // Links to directories are followed, each directory once.
    let mut seen = BTreeSet::new();
    seen.insert(directory.canonicalize()?);
    let mut open = vec![directory.to_owned()];
    read_directory(directory)?;
    while let Some(directory) = open.pop() {
        match read_directory(&directory) {
            Ok(paths) => {
                for path in paths {
                    visit(path, &mut listing, &mut seen, &mut open);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => listing.unlisted.push(Unlisted { path: directory, error }),
        }
    }
    Ok(listing)
}

fn read_directory(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: BTreeSet<PathBuf> =
        std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    Ok(paths.into_iter().collect())
}

fn visit(path: PathBuf, listing: &mut Listing, seen: &mut BTreeSet<PathBuf>, open: &mut Vec<PathBuf>) {
    if is_hidden(&path) {
        return;
    }
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => match path.canonicalize() {
            Ok(real) => {
                if seen.insert(real) {
                    open.push(path);
                }
            }
            Err(error) => listing.unlisted.push(Unlisted { path, error }),
        },
        Ok(metadata) if metadata.is_file() && is_document_file(&path) => {
            listing.files.insert(path);
        }
        Ok(_) => {}
        // Deleted since the directory was read, unless it is a link to nowhere: what it leads to may come back.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {}
        Err(error) => listing.unlisted.push(Unlisted { path, error }),
    }
}
