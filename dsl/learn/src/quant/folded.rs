//! The float weights that are rounded: normalisation folded into the product before it.

use crate::weights::Weights;
use dlm_check::lower::{WeightInfo, from_memory, to_memory, weights};
use dlm_check::program::Network;
use dlm_check::quant::Scheme;
use dlm_graph::Integer;
use std::collections::BTreeMap;

/// The weights of a network as a scheme sees them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// For each unit the weights of its product; `None` where it has none.
    pub products: Vec<Option<Product>>,
    /// The weights of all other layers, by name, in the order of the axes of files.
    pub floats: BTreeMap<String, Vec<f32>>,
}

/// The weights of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// What multiplies, in the order of the axes of files: output channels first.
    pub weight: Vec<f32>,
    /// What is added, one number for each output channel.
    pub bias: Option<Vec<f32>>,
}

impl Folded {
    /// Folds normalisation with recorded statistics into products:
    /// `w' = w · γ / √(σ² + ε)`, `b' = β + (b − μ) · γ / √(σ² + ε)`, computed in f64.
    ///
    /// # Panics
    /// When `trained` lacks a weight of the network.
    ///
    /// # References
    /// Jacob et al. 2018, §3.2.
    pub fn new(net: &Network, scheme: &Scheme, trained: &Weights) -> Folded {
        let all = weights(net);
        let read = |info: &WeightInfo| {
            let numbers = trained.0.get(&info.name);
            let numbers = numbers.unwrap_or_else(|| panic!("no weight {}", info.name));
            from_memory(numbers, &info.shape, &info.order)
        };
        let of = |layer: usize| all.iter().filter(move |info| info.layer == layer);
        let mut folded = Folded::default();
        for unit in &scheme.units {
            let mut own = of(unit.main);
            if unit.weights.is_none() {
                folded.floats.extend(own.map(|info| (info.name.clone(), read(info))));
                folded.products.push(None);
                continue;
            }
            let weight = own.next().map(read).unwrap_or_default();
            let bias = own.next().map(read);
            let mut product = Product { weight, bias };
            if let Some(fold) = unit.fold {
                let eps = match net.layers[fold].layer.integer(&[]) {
                    Integer::Fold { eps } => eps,
                    other => panic!("{} is folded, and is {other:?}", net.layers[fold].path),
                };
                let statistics: Vec<Vec<f32>> = of(fold).map(read).collect();
                product.fold(&statistics, eps);
            }
            folded.products.push(Some(product));
        }
        folded
    }

    /// The same network as weights of its layers: normalisation that was folded does nothing but add.
    pub fn unfolded(&self, net: &Network, scheme: &Scheme) -> Weights {
        let all = weights(net);
        let mut numbers: BTreeMap<String, Vec<f32>> = self.floats.clone();
        for (unit, product) in scheme.units.iter().zip(&self.products) {
            let Some(product) = product else { continue };
            let path = |layer: usize| &net.layers[layer].path;
            numbers.insert(format!("{}.weight", path(unit.main)), product.weight.clone());
            let channels = net.layers[unit.main].weights[0].shape.0[0];
            let bias = product.bias.clone().unwrap_or_else(|| vec![0.0; channels]);
            let Some(fold) = unit.fold else {
                numbers.insert(format!("{}.bias", path(unit.main)), bias);
                continue;
            };
            numbers.insert(format!("{}.bias", path(unit.main)), vec![0.0; channels]);
            let eps = match net.layers[fold].layer.integer(&[]) {
                Integer::Fold { eps } => eps,
                _ => 0.0,
            };
            let normal = path(fold);
            numbers.insert(format!("{normal}.weight"), vec![1.0; channels]);
            numbers.insert(format!("{normal}.bias"), bias);
            numbers.insert(format!("{normal}.running_mean"), vec![0.0; channels]);
            numbers.insert(format!("{normal}.running_var"), vec![(1.0 - eps) as f32; channels]);
        }
        let each = all.into_iter().filter_map(|info| {
            let numbers = numbers.get(&info.name)?;
            Some((info.name, to_memory(numbers, &info.shape, &info.order)))
        });
        Weights(each.collect())
    }

    /// The weights of a unit's product.
    pub fn weights(&self, unit: usize) -> Option<&Product> {
        self.products[unit].as_ref()
    }
}

impl Product {
    /// `statistics` are γ, β, μ and σ².
    fn fold(&mut self, statistics: &[Vec<f32>], eps: f64) {
        let [gamma, beta, mean, var] = statistics else { panic!("four, not {}", statistics.len()) };
        let channels = gamma.len();
        let depth = self.weight.len() / channels.max(1);
        let bias = self.bias.get_or_insert_with(|| vec![0.0; channels]);
        for c in 0..channels {
            let factor = f64::from(gamma[c]) / (f64::from(var[c]) + eps).sqrt();
            for w in &mut self.weight[c * depth..][..depth] {
                *w = (f64::from(*w) * factor) as f32;
            }
            let shifted = f64::from(bias[c]) - f64::from(mean[c]);
            bias[c] = (f64::from(beta[c]) + shifted * factor) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_product_answers_as_product_and_normalisation() {
        let mut product = Product { weight: vec![1.0, 2.0, -1.0, 0.5], bias: None };
        let statistics = [[2.0, 0.0], [0.5, -1.0], [1.0, 3.0], [3.99, 7.0]].map(Vec::from);
        product.fold(&statistics, 0.01);
        // γ / √(σ² + ε) = 1; a γ of 0 leaves a channel of zeros and its β.
        assert_eq!(product.weight, [1.0, 2.0, 0.0, 0.0]);
        assert_eq!(product.bias, Some(vec![-0.5, -1.0]));
    }
}
