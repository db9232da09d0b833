//! How a path stands to the places that denybox guards, as far as the path alone tells.

use crate::path::AbsPath;
use crate::resource::{SCRATCH_PATHS, scratch_tree};
use crate::surface::{Guard, Related, Relation};

/// The relations of `path` to `/`, to the caller's `home` and to shared scratch that its name alone shows. That
/// everything lies below `/`, and most things below a home, is not worth saying and left out. Aliases (links, bind
/// mounts, the same inode) can't be seen here: whoever can look at the host adds them.
pub fn relations(path: &AbsPath, home: Option<&AbsPath>) -> Vec<Related> {
    let mut found = Vec::new();
    let mut push = |how, to: &AbsPath, guard| found.push(Related { how, to: to.clone(), guard });
    let root = AbsPath::root();
    if *path == root {
        push(Relation::Is, &root, Guard::Root);
    }
    if let Some(home) = home {
        if path == home {
            push(Relation::Is, home, Guard::Home);
        } else if home.is_below(path) {
            push(Relation::Contains, home, Guard::Home);
        }
    }
    if let Some(tree) = scratch_tree(path) {
        let how = if *path == tree { Relation::Is } else { Relation::Below };
        push(how, &tree, Guard::Scratch);
    }
    for pattern in SCRATCH_PATHS {
        // `/run/user` contains every `/run/user/*`: the pattern itself is named then.
        let Ok(tree) = AbsPath::new(pattern) else { continue };
        if tree.is_below(path) && scratch_tree(path).is_none() {
            push(Relation::Contains, &tree, Guard::Scratch);
        }
    }
    found
}
