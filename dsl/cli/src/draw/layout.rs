//! Where the boxes of a drawing stand: rows by distance from the input, columns by branch.

use dlm_check::program::{Flow, Network};

/// A box of the drawing: the inputs first, then the layers, then the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The row, from the top.
    pub(super) row: usize,
    /// The column, from the left.
    pub(super) column: usize,
}

/// An arrow from one box to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    /// The box it leaves.
    pub(super) from: usize,
    /// The box it enters.
    pub(super) to: usize,
    /// How it goes.
    pub(super) way: Way,
}

/// How an arrow goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Straight down.
    Down,
    /// Out of the side, then down into the top of a box further right or left.
    Fork,
    /// Down, then into the side of a box.
    Join,
    /// Around the boxes between, on the left of its column, in this lane (0 is the innermost).
    Around(usize),
}

/// Boxes and arrows.
#[derive(Debug)]
pub(super) struct Layout {
    /// A place for each box.
    pub(super) places: Vec<Place>,
    /// The arrows, in the order of the boxes they enter.
    pub(super) arrows: Vec<Arrow>,
    /// How many rows there are.
    pub(super) rows: usize,
    /// How many columns there are.
    pub(super) columns: usize,
}

/// Places the boxes of a network.
pub(super) fn place(network: &Network) -> Layout {
    let inputs = network.inputs.len();
    let boxes = inputs + network.layers.len() + 1;
    let index = |flow: Flow| match flow {
        Flow::Input(i) => i,
        Flow::Layer(i) => inputs + i,
    };
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for (i, layer) in network.layers.iter().enumerate() {
        for flow in &layer.inputs {
            if !edges.contains(&(index(*flow), inputs + i)) {
                edges.push((index(*flow), inputs + i));
            }
        }
    }
    edges.push((index(network.output), boxes - 1));

    let mut rows = vec![0usize; boxes];
    // Edges are sorted by the box they enter, and a box comes after all that enter it.
    for &(from, to) in &edges {
        rows[to] = rows[to].max(rows[from] + 1);
    }
    let height = rows.iter().max().map_or(0, |row| row + 1);
    let mut taken: Vec<Vec<bool>> = vec![Vec::new(); height];
    let mut places: Vec<Place> = Vec::with_capacity(boxes);
    for (to, &row) in rows.iter().enumerate() {
        let parent =
            edges.iter().find(|(_, t)| *t == to).map_or(0, |(from, _)| places[*from].column);
        let free = |column: usize| !taken[row].get(column).copied().unwrap_or(false);
        let column = (parent..).find(|c| free(*c)).unwrap_or(parent);
        if taken[row].len() <= column {
            taken[row].resize(column + 1, false);
        }
        taken[row][column] = true;
        places.push(Place { row, column });
    }
    let columns = taken.iter().map(Vec::len).max().unwrap_or(1);
    let mut arrows: Vec<Arrow> = edges
        .iter()
        .map(|&(from, to)| Arrow { from, to, way: way(&places[from], &places[to], &taken) })
        .collect();
    choose_lanes(&mut arrows, &places);
    Layout { places, arrows, rows: height, columns }
}

fn way(from: &Place, to: &Place, taken: &[Vec<bool>]) -> Way {
    let empty = |column: usize| {
        (from.row + 1..to.row).all(|row| !taken[row].get(column).copied().unwrap_or(false))
    };
    if from.column == to.column {
        return if empty(to.column) { Way::Down } else { Way::Around(0) };
    }
    let crossed = |row: usize| {
        let (a, b) = (from.column.min(to.column) + 1, from.column.max(to.column));
        (a..b).any(|column| taken[row].get(column).copied().unwrap_or(false))
    };
    if to.column > from.column && empty(to.column) && !crossed(from.row) {
        Way::Fork
    } else if to.column < from.column && empty(from.column) && !crossed(to.row) {
        Way::Join
    } else {
        Way::Around(0)
    }
}

/// Gives arrows that go around a lane each, so that none runs on top of another.
fn choose_lanes(arrows: &mut [Arrow], places: &[Place]) {
    let mut order: Vec<usize> =
        (0..arrows.len()).filter(|&i| matches!(arrows[i].way, Way::Around(_))).collect();
    order.sort_by_key(|&i| places[arrows[i].to].row - places[arrows[i].from].row);
    let mut used: Vec<(usize, usize, usize, usize)> = Vec::new();
    for i in order {
        let (from, to) = (&places[arrows[i].from], &places[arrows[i].to]);
        let column = from.column.min(to.column);
        let meets = |lane: usize| {
            used.iter().any(|&(c, l, top, bottom)| {
                c == column && l == lane && top < to.row && from.row < bottom
            })
        };
        let lane = (0..).find(|lane| !meets(*lane)).unwrap_or(0);
        used.push((column, lane, from.row, to.row));
        arrows[i].way = Way::Around(lane);
    }
}
