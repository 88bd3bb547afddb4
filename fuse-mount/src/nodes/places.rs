//! Where nodes are: the place at which each was seen last, and its path.

use super::Nodes;
use crate::node::{Name, Node, Place};
use crate::number::ROOT;

impl Nodes {
    /// Whether [`Nodes::path_into`] works.
    pub fn keeps_names(&self) -> bool {
        self.keeps_names
    }

    /// Takes note that a node is now at `name`.
    pub fn seen(&self, node: &Node, name: Name<'_>) {
        if !self.keeps_names || node.ino == ROOT {
            return;
        }
        let place = &mut node.state().place;
        match place {
            Some(place) if place.parent == name.parent && *place.name == *name.name => place.is_gone = false,
            _ => *place = Some(Box::new(Place { parent: name.parent, name: name.name.into(), is_gone: false })),
        }
    }

    /// Takes note that a node is no longer at `name`.
    pub fn gone(&self, node: &Node, name: Name<'_>) {
        if let Some(place) = &mut node.state().place
            && place.parent == name.parent
            && *place.name == *name.name
        {
            place.is_gone = true;
        }
    }

    /// Appends the path of a node from the root, without a leading slash; `.` for the
    /// root. A node whose last name is gone has that name still, and a node that the
    /// kernel does not know is `?`.
    ///
    /// Allocates nothing once `path` is long enough.
    pub fn path_into(&self, ino: u64, path: &mut Vec<u8>) {
        let start = path.len();
        let mut ino = ino;
        // Directories that were moved on the source while nobody looked can seem to
        // lie in each other.
        for _ in 0..MOST_COMPONENTS {
            if ino == ROOT {
                break;
            }
            if path.len() > start {
                path.push(b'/');
            }
            let Ok(node) = self.get(ino) else {
                path.push(b'?');
                break;
            };
            // From the end to the beginning, so backwards.
            let state = node.state();
            let Some(place) = &state.place else {
                path.push(b'?');
                break;
            };
            path.extend(place.name.iter().rev());
            ino = place.parent;
        }
        if path.len() == start {
            path.push(b'.');
        }
        path[start..].reverse();
    }
}

/// As many as the longest path has that can be opened in one call.
pub(super) const MOST_COMPONENTS: usize = 2048;

#[cfg(test)]
mod tests {
    use super::super::fixture::{name, nodes, path_of, place};
    use super::*;

    #[test]
    fn paths_follow_names() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        std::fs::create_dir(dir.path().join("d")).unwrap();
        std::fs::write(dir.path().join("d/f"), "").unwrap();
        let (fd, found) = place(&dir.path().join("d"));
        let d = nodes.enter(name(1, "d"), fd, &found);
        let (fd, found) = place(&dir.path().join("d/f"));
        let f = nodes.enter(name(d.ino, "f"), fd, &found);
        assert_eq!(path_of(&nodes, f.ino), "d/f");
        assert_eq!(path_of(&nodes, ROOT), ".");
        nodes.seen(&d, name(1, "moved"));
        assert_eq!(path_of(&nodes, f.ino), "moved/f");
        nodes.forget(d.ino, 1);
        assert_eq!(path_of(&nodes, f.ino), "?/f");
    }

    #[test]
    fn directories_that_seem_to_lie_in_each_other_have_some_path() {
        let dir = tempfile::tempdir().unwrap();
        let nodes = nodes(dir.path());
        std::fs::create_dir(dir.path().join("a")).unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        let (fd, found) = place(&dir.path().join("a"));
        let a = nodes.enter(name(1, "a"), fd, &found);
        let (fd, found) = place(&dir.path().join("b"));
        let b = nodes.enter(name(a.ino, "b"), fd, &found);
        nodes.seen(&a, name(b.ino, "a"));
        assert!(path_of(&nodes, a.ino).ends_with("b/a"));
    }
}
