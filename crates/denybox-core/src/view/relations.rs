//! How a path stands to the places that denybox guards, as far as the path alone tells.

use std::sync::LazyLock;

use crate::path::AbsPath;
use crate::resource::{SCRATCH_PATHS, scratch_tree};
use crate::surface::{Guard, Related, Relation};

/// [`SCRATCH_PATHS`] as paths. `/run/user` contains every `/run/user/*`: the pattern itself is named then.
static PATTERNS: LazyLock<Vec<AbsPath>> =
    LazyLock::new(|| SCRATCH_PATHS.iter().filter_map(|pattern| AbsPath::new(pattern).ok()).collect());

/// The relations of `path` to `/`, to the caller's `home` and to shared scratch that its name alone shows. That
/// everything lies below `/`, and most things below a home, is not worth saying and left out. Aliases (links, bind
/// mounts, the same inode) can't be seen here: whoever can look at the host adds them.
pub fn relations(path: &AbsPath, home: Option<&AbsPath>) -> Vec<Related> {
    let mut found = Vec::new();
    let mut push = |how, to: &AbsPath, guard| found.push(Related { how, to: to.clone(), guard });
    if path.as_str() == "/" {
        push(Relation::Is, path, Guard::Root);
    }
    if let Some(home) = home {
        if path == home {
            push(Relation::Is, home, Guard::Home);
        } else if home.is_below(path) {
            push(Relation::Contains, home, Guard::Home);
        }
    }
    match scratch_tree(path) {
        Some(tree) => {
            let how = if *path == tree { Relation::Is } else { Relation::Below };
            push(how, &tree, Guard::Scratch);
        }
        None => {
            for tree in PATTERNS.iter().filter(|tree| tree.is_below(path)) {
                push(Relation::Contains, tree, Guard::Scratch);
            }
        }
    }
    found
}
