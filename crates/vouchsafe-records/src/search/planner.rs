//! One parameter after the other, into a plan.

use vouchsafe::class::ClassSet;
use vouchsafe::document::Predicate;
use vouchsafe::ids::RecordId;

use super::{Lookup, Order, Parameter, Plan, Scope, Unsupported, Why, Window};
use crate::pack::{Common, Index, RecordTypeDecl, Reference, SearchParam, Served};
use crate::values::{Asked, Entry, Indexed, Tested};

pub(super) struct Planner<'d> {
    decl: &'d RecordTypeDecl,
    plan: Plan,
    /// Per parameter with an index, what all its values leave open.
    windows: Vec<(&'d SearchParam, Window)>,
}

impl<'d> Planner<'d> {
    pub(super) fn new(decl: &'d RecordTypeDecl) -> Self {
        let plan = Plan {
            scope: Scope::Care,
            ids: None,
            subjects: None,
            lookups: Vec::new(),
            unserved: None,
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
        for (param, window) in std::mem::take(&mut self.windows) {
            let index = self.indexes_of(param).next();
            match index.map(|index| (index.of.within)(window)) {
                None => {}
                Some(Ok(any)) => self.look_up(param, any),
                Some(Err(why)) => self.unserved(param, why),
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

    fn documents(&mut self, param: &'d SearchParam, tested: Tested) {
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
        if self.indexes_of(param).next().is_none() {
            return;
        }
        match tested.indexed {
            Err(why) => self.unserved(param, why),
            Ok(Indexed::Any(any)) => self.look_up(param, any),
            Ok(Indexed::Within(window)) => {
                let mut known = self.windows.iter_mut();
                match known.find(|(of, _)| of.served == param.served) {
                    Some((_, known)) => *known = known.and(window),
                    None => self.windows.push((param, window)),
                }
            }
        }
    }

    /// Any of these entries: by as many steps as all of them know.
    fn look_up(&mut self, param: &SearchParam, mut any: Vec<Entry>) {
        let steps = any.iter().map(Vec::len).min().unwrap_or(0);
        let Some(index) = self.indexes_of(param).find(|index| index.steps == steps) else {
            return self.unserved(param, Why::Short);
        };
        any.iter_mut().for_each(|entry| entry.truncate(steps));
        any.sort_unstable();
        any.dedup();
        self.plan.lookups.push(Lookup {
            index: index.name.clone(),
            of: index.group.clone(),
            any,
            bits: index.of.bits,
            class: index.class,
        });
    }

    fn unserved(&mut self, param: &SearchParam, why: Why) {
        self.plan.unserved.get_or_insert_with(|| Unsupported {
            parameter: param.name.clone().into(),
            why,
        });
    }

    /// The index of a parameter: as many as an entry of it has steps.
    fn indexes_of(&self, param: &SearchParam) -> impl Iterator<Item = &'d Index> + use<'d> {
        let group = match &param.served {
            Served::Index(name) => Some(name.clone()),
            Served::Id | Served::Subject | Served::Compartment => None,
        };
        let indexes = self.decl.indexes().iter();
        indexes.filter(move |index| group.as_ref() == Some(&index.group))
    }
}
