//! Models that are to be run: found, and their files fetched.

use anyhow::Result;
use candle_core::DType;

use crate::memory;
use crate::model::Model;
use crate::model::files::ModelFiles;
use crate::model::hub::{self, settings::Settings};
use crate::model::source::ModelSource;
use crate::pipeline::Work;
use crate::plan::RunPlan;

/// A model that can be run as far as one can tell without its weights.
pub(super) enum Found {
    Files(ModelFiles),
    Hub(Box<hub::Found>),
}

/// Looks for all models before hours are spent on the first.
pub(super) fn find<'m>(work: &Work<'_>, models: &'m [ModelSource]) -> Vec<(&'m ModelSource, Result<Found>)> {
    let find = |source: &ModelSource| match source {
        ModelSource::Files(files) => Ok(Found::Files(files.clone())),
        ModelSource::Hub(model) => {
            let found = model.find(&Settings::from_env(), work.observer, work.stop)?;
            Ok(Found::Hub(Box::new(found)))
        }
    };
    models.iter().map(|source| (source, find(source))).collect()
}

impl Found {
    /// The model's files, downloaded if they have to be.
    pub(super) fn fetch(self, work: &Work<'_>, run: &RunPlan) -> Result<ModelFiles> {
        match self {
            Found::Files(files) => Ok(files),
            Found::Hub(found) => {
                let load = &run.load;
                if !found.is_whole() && !load.device.is_cuda() {
                    // What would not fit need not be downloaded to find out.
                    let weights = Model::weights_bytes(found.files(), load.dtype)?;
                    let remedies = ["give --dtype bf16, which halves the weights", "take a smaller model"];
                    let remedies = &remedies.map(str::to_owned)[usize::from(load.dtype != DType::F32)..];
                    memory::Need { weights, batch: 0, waiting: 0 }.check(memory::available(), remedies)?;
                }
                found.fetch(work.observer, work.stop)
            }
        }
    }
}
