//! One parameter after the other, into a plan.

use vouchsafe::class::ClassSet;
use vouchsafe::document::Predicate;
use vouchsafe::ids::RecordId;

use super::{Lookup, Order, Parameter, Plan, Scope, Why, Window};
use crate::pack::{Common, Index, RecordTypeDecl, Reference, SearchParam, Served};
use crate::values::{Asked, Indexed, Tested};

pub(super) struct Planner<'d> {
    decl: &'d RecordTypeDecl,
    plan: Plan,
    /// Per index, what all values of its parameters leave open.
    windows: Vec<(&'d Index, Window)>,
}

impl<'d> Planner<'d> {
    pub(super) fn new(decl: &'d RecordTypeDecl) -> Self {
        let plan = Plan {
            scope: Scope::Care,
            ids: None,
            subjects: None,
            lookups: Vec::new(),
            updated: Window::default(),
            predicates: Vec::new(),
            classes: ClassSet::NONE,
            order: Order::Id,
        };
        Self {
            decl,
            plan,
            windows: Vec::new(),
        }
    }

    pub(super) fn finish(mut self) -> Plan {
        for (index, window) in self.windows {
            if let Some(any) = (index.of.within)(window) {
                self.plan.lookups.push(lookup(index, any));
            }
        }
        self.plan
    }

    pub(super) fn add(&mut self, parameter: &Parameter<'_>) -> Result<(), Why> {
        let Parameter {
            name,
            modifier,
            value,
        } = *parameter;
        let values = self.decl.values();
        match self.decl.common().named(name) {
            Some(_) if modifier.is_some() => return Err(Why::Modifier),
            Some(Common::Sort) => self.plan.order = self.order(value)?,
            Some(Common::Updated) => {
                self.plan.updated = self.plan.updated.and(values.window(value)?);
            }
            Some(Common::Id) => self.ids(values.ids(value)?),
            None => {
                let param = self.decl.search_param(name).ok_or(Why::Unknown)?;
                self.plan.classes = self.plan.classes.union(param.classes);
                match values.asked(param, modifier, value)? {
                    Asked::Ids(ids) => self.ids(ids),
                    Asked::Subjects(named) => self.subjects(named),
                    Asked::Documents(tested) => self.documents(param, tested),
                }
            }
        }
        Ok(())
    }

    fn order(&self, value: &str) -> Result<Order, Why> {
        let common = self.decl.common();
        match (common.named(value), value.strip_prefix('-')) {
            (Some(Common::Id), _) => Ok(Order::Id),
            (Some(Common::Updated), _) => Ok(Order::LastUpdated),
            (_, Some(name)) if common.named(name) == Some(Common::Updated) => {
                Ok(Order::LastUpdatedDescending)
            }
            _ => Err(Why::Form),
        }
    }

    fn ids(&mut self, ids: Vec<RecordId>) {
        self.plan.ids = Some(match self.plan.ids.take() {
            Some(before) => before.into_iter().filter(|id| ids.contains(id)).collect(),
            None => ids,
        });
    }

    /// The row says whose the record is; that is more than its document says.
    fn subjects(&mut self, mut named: Vec<Reference>) {
        if let Some(before) = self.plan.subjects.take() {
            named.retain(|subject| before.contains(subject));
        }
        self.plan.subjects = Some(named);
    }

    fn documents(&mut self, param: &SearchParam, tested: Tested) {
        let mut paths = param.paths.clone();
        if let Some(member) = tested.member {
            paths.iter_mut().for_each(|path| path.push(member.into()));
        }
        self.plan.classes = self.plan.classes.union(tested.classes);
        self.plan.predicates.push(Predicate {
            paths,
            test: tested.test,
            negate: tested.negate,
        });
        let Some(index) = self.index_of(param) else {
            return;
        };
        match tested.indexed {
            Indexed::Unknown => {}
            Indexed::Any(any) => self.plan.lookups.push(lookup(index, any)),
            Indexed::Within(window) => {
                let known = self.windows.iter_mut();
                match known.into_iter().find(|(of, _)| of.name == index.name) {
                    Some((_, known)) => *known = known.and(window),
                    None => self.windows.push((index, window)),
                }
            }
        }
    }

    fn index_of(&self, param: &SearchParam) -> Option<&'d Index> {
        let Served::Index(name) = &param.served else {
            return None;
        };
        self.decl.indexes().iter().find(|index| index.name == *name)
    }
}

fn lookup(index: &Index, any: Vec<Vec<u8>>) -> Lookup {
    Lookup {
        index: index.name.clone(),
        any,
        bits: index.of.bits,
        class: index.class,
    }
}
