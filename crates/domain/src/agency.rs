//! Bodies that answer, and the tree they form.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AgencyId, PlaceId};

/// A body responsible for something: a ministry, an administration, an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// The body.
    pub id: AgencyId,
    /// Its full name.
    pub name: String,
    /// The body above it; `None` for the top of a region.
    pub parent: Option<AgencyId>,
    /// The municipality it works in; `None` when it works in the whole region.
    pub municipality: Option<PlaceId>,
}

/// Why a list of bodies is not a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgencyTreeError {
    /// Two bodies share an id.
    #[error("agency {0} is listed twice")]
    Twice(AgencyId),
    /// A body names a parent that is not listed.
    #[error("agency {child} names parent {parent}, which is not listed")]
    UnknownParent {
        /// The body.
        child: AgencyId,
        /// The parent it names.
        parent: AgencyId,
    },
    /// A body is its own ancestor.
    #[error("agency {0} is its own ancestor")]
    Cycle(AgencyId),
}

/// The bodies of a deployment: region, municipalities, organisations below them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgencyTree {
    agencies: BTreeMap<AgencyId, Agency>,
}

impl AgencyTree {
    /// Makes a tree of a list.
    ///
    /// # Errors
    /// A body listed twice, an unknown parent, a cycle.
    pub fn new(list: impl IntoIterator<Item = Agency>) -> Result<Self, AgencyTreeError> {
        let mut agencies = BTreeMap::new();
        for agency in list {
            let id = agency.id.clone();
            if agencies.insert(id.clone(), agency).is_some() {
                return Err(AgencyTreeError::Twice(id));
            }
        }
        let tree = Self { agencies };
        for agency in tree.iter() {
            tree.check_path_up(agency)?;
        }
        Ok(tree)
    }

    fn check_path_up(&self, agency: &Agency) -> Result<(), AgencyTreeError> {
        let mut seen = BTreeSet::from([&agency.id]);
        let mut child = agency;
        while let Some(parent) = &child.parent {
            if !seen.insert(parent) {
                return Err(AgencyTreeError::Cycle(agency.id.clone()));
            }
            child = self
                .agencies
                .get(parent)
                .ok_or_else(|| AgencyTreeError::UnknownParent { child: child.id.clone(), parent: parent.clone() })?;
        }
        Ok(())
    }

    /// The body of an id.
    pub fn get(&self, id: &AgencyId) -> Option<&Agency> {
        self.agencies.get(id)
    }

    /// Every body, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.values()
    }

    /// The body above one, or `None` at the top.
    pub fn parent(&self, id: &AgencyId) -> Option<&Agency> {
        self.get(self.get(id)?.parent.as_ref()?)
    }

    /// The body itself and all above it, nearest first. Empty for an unknown id.
    pub fn path_up(&self, id: &AgencyId) -> impl Iterator<Item = &Agency> {
        std::iter::successors(self.get(id), |agency| self.get(agency.parent.as_ref()?))
    }

    /// Whether `id` is `root` or lies below it.
    pub fn is_within(&self, id: &AgencyId, root: &AgencyId) -> bool {
        self.path_up(id).any(|agency| agency.id == *root)
    }

    /// The body and all below it, by id: what its staff may see.
    pub fn subtree(&self, root: &AgencyId) -> Vec<AgencyId> {
        self.agencies.keys().filter(|id| self.is_within(id, root)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency(id: &str, parent: Option<&str>) -> Agency {
        Agency { id: id.into(), name: id.to_uppercase(), parent: parent.map(Into::into), municipality: None }
    }

    #[test]
    fn sees_its_subtree_only() {
        let tree = AgencyTree::new([
            agency("region", None),
            agency("town", Some("region")),
            agency("waterworks", Some("town")),
            agency("ministry", Some("region")),
        ])
        .unwrap();
        let ids = |root: &str| tree.subtree(&root.into()).iter().map(|id| id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids("town"), ["town", "waterworks"]);
        assert_eq!(ids("region").len(), 4);
        assert!(!tree.is_within(&"ministry".into(), &"town".into()));
        assert_eq!(tree.parent(&"waterworks".into()).unwrap().id, "town".into());
    }

    #[test]
    fn refuses_what_is_not_a_tree() {
        let check = |list: Vec<Agency>, expected: &str| {
            assert_eq!(AgencyTree::new(list).unwrap_err().to_string(), expected);
        };
        check(vec![agency("a", None), agency("a", None)], "agency a is listed twice");
        check(vec![agency("a", Some("b"))], "agency a names parent b, which is not listed");
        check(vec![agency("a", Some("b")), agency("b", Some("a"))], "agency a is its own ancestor");
    }
}
