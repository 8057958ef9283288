//! A network as a drawing: top to bottom, a box for each layer, shapes beside the arrows, frames
//! around named layers and repeats.

use super::layout::{self, Arrow, Layout, Way};
use crate::human::{about, bytes, count};
use dlm_check::program::Network;
use dlm_graph::op::Role;
use std::collections::BTreeMap;
use std::fmt::Write;

const GAP: f64 = 34.0;
const MARGIN: f64 = 32.0;
const LANE: f64 = 18.0;
const BETWEEN: f64 = 64.0;
const FRAME: f64 = 12.0;
const FRAME_TITLE: f64 = 20.0;
/// How far right of an arrow a text stands.
const BESIDE: f64 = 8.0;
const SANS: &str = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif";
const MONO: &str = "'JetBrains Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// What a box says and how it looks.
struct Card {
    title: String,
    detail: String,
    fill: &'static str,
    edge: &'static str,
    round: bool,
}

impl Card {
    fn height(&self) -> f64 {
        if self.detail.is_empty() { 28.0 } else { 44.0 }
    }

    fn width(&self) -> f64 {
        let title = 7.4 * self.title.chars().count() as f64;
        let detail = 5.9 * self.detail.chars().count() as f64;
        (title.max(detail) + 28.0).max(120.0)
    }
}

/// A rectangle in the drawing.
#[derive(Clone, Copy)]
struct Rect {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

impl Rect {
    fn middle(&self) -> f64 {
        self.x + self.w / 2.0
    }
    fn centre(&self) -> f64 {
        self.y + self.h / 2.0
    }
    fn bottom(&self) -> f64 {
        self.y + self.h
    }
    fn right(&self) -> f64 {
        self.x + self.w
    }
}

/// A frame around the layers whose paths begin with `name`.
struct Frame {
    name: String,
    boxes: Vec<usize>,
    depth: usize,
}

/// The text of an SVG file. `heading` stands above the drawing.
pub(crate) fn svg(network: &Network, heading: &str) -> String {
    let layout = layout::place(network);
    let frames = frames(network);
    let cards = cards(network, &frames);
    let rects = measure(&layout, &cards, &frames);
    let lanes: Vec<f64> = layout.arrows.iter().map(|a| lane_x(a, &layout, &rects)).collect();
    let around = surround(&frames, &rects, &layout, &lanes);

    let left = rects.iter().chain(&around).map(|r| r.x).fold(f64::MAX, f64::min);
    let shift = lanes.iter().copied().fold(left, f64::min) - MARGIN;
    let mut right = rects.iter().chain(&around).map(Rect::right).fold(0.0, f64::max);
    // The shapes beside the arrows want room, too.
    right = right.max(rects.iter().map(|r| r.middle() + 120.0).fold(0.0, f64::max));
    let facts = format!(
        "{} parameters · {} multiply-adds · {} in float32",
        count(network.params()),
        about(network.macs()),
        bytes(network.size())
    );
    let words = 9.5 * heading.chars().count() as f64;
    let words = words.max(6.6 * facts.chars().count() as f64);
    let width = (right - shift + MARGIN).max(words + 2.0 * MARGIN);
    let height = rects.iter().map(Rect::bottom).fold(0.0, f64::max) + MARGIN;

    let mut out = String::new();
    let mut put = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    put(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"{SANS}\">"
    ));
    put(&format!("<title>{}</title>", escape(heading)));
    put("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0.5 0.8 L7 4 L0.5 7.2 Z\" \
         fill=\"#667085\"/></marker></defs>");
    put(&format!("<rect width=\"{width:.0}\" height=\"{height:.0}\" fill=\"#ffffff\"/>"));
    put(&format!(
        "<text x=\"{MARGIN:.0}\" y=\"38\" font-size=\"17\" font-weight=\"600\" \
         fill=\"#101828\">{}</text>",
        escape(heading)
    ));
    put(&format!(
        "<text x=\"{MARGIN:.0}\" y=\"58\" font-size=\"12\" fill=\"#667085\">{facts}</text>"
    ));
    put(&format!("<g transform=\"translate({:.1} 0)\">", -shift));
    for (frame, rect) in frames.iter().zip(&around) {
        put(&draw_frame(frame, rect, rects[frame.boxes[0]].middle()));
    }
    let mut labelled = vec![false; rects.len()];
    for (arrow, lane) in layout.arrows.iter().zip(&lanes) {
        put(&draw_arrow(arrow, *lane, &rects));
    }
    // A value's shape is written once, beside its straightest arrow.
    let mut arrows: Vec<(&Arrow, f64)> = layout.arrows.iter().zip(lanes).collect();
    arrows.sort_by_key(|(a, _)| (a.way != Way::Down, matches!(a.way, Way::Around(_)), a.to));
    for (arrow, lane) in arrows {
        if !std::mem::replace(&mut labelled[arrow.from], true) {
            put(&draw_shape(arrow, lane, network, &rects));
        }
    }
    for (card, rect) in cards.iter().zip(&rects) {
        put(&draw_card(card, rect));
    }
    put("</g>");
    put("</svg>");
    out
}

fn cards(network: &Network, frames: &[Frame]) -> Vec<Card> {
    let plain = |title: String| Card {
        title,
        detail: String::new(),
        fill: "#f2f4f7",
        edge: "#98a2b3",
        round: true,
    };
    let mut cards: Vec<Card> = network.inputs.iter().map(|(name, _)| plain(name.clone())).collect();
    for (i, layer) in network.layers.iter().enumerate() {
        let (fill, edge) = match layer.layer.role() {
            Role::Product => ("#eff4ff", "#528bff"),
            Role::Norm { .. } => ("#ecfdf3", "#47b881"),
            Role::ReluLike | Role::Elementwise | Role::Softmax => ("#fff6ed", "#f79009"),
            Role::Transparent | Role::Move => ("#f9fafb", "#98a2b3"),
            Role::Other => ("#f4f3ff", "#9b8afb"),
        };
        let params: u64 =
            layer.weights.iter().filter(|w| w.trained).map(|w| w.shape.len() as u64).sum();
        // The frame around it says the rest of the path.
        let inside = frames.iter().rev().find(|f| f.boxes.contains(&(network.inputs.len() + i)));
        let path = inside.and_then(|f| layer.path.strip_prefix(f.name.as_str()));
        let path = path.map_or(&*layer.path, |rest| rest.trim_start_matches('.'));
        let detail = match params {
            0 => String::new(),
            1 => format!("{path} · 1 parameter"),
            n => format!("{path} · {} parameters", count(n)),
        };
        cards.push(Card { title: super::call(layer), detail, fill, edge, round: false });
    }
    let shape = &network.ty(network.output).shape;
    cards.push(plain(format!("output {shape}")));
    cards
}

/// The paths that hold two or more layers, outer ones first.
fn frames(network: &Network) -> Vec<Frame> {
    let first = network.inputs.len();
    let mut inside: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, layer) in network.layers.iter().enumerate() {
        let parts: Vec<&str> = layer.path.split('.').collect();
        for depth in 1..parts.len() {
            inside.entry(parts[..depth].join(".")).or_default().push(first + i);
        }
    }
    let depth = |name: &str| name.matches('.').count();
    let mut frames: Vec<Frame> = inside
        .into_iter()
        .filter(|(_, boxes)| boxes.len() > 1)
        .map(|(name, boxes)| Frame { depth: depth(&name), name, boxes })
        .collect();
    // A frame that holds just what an inner one holds would only repeat it.
    let doubled: Vec<bool> = frames
        .iter()
        .map(|f| frames.iter().any(|g| g.depth > f.depth && g.boxes == f.boxes))
        .collect();
    let mut doubled = doubled.into_iter();
    frames.retain(|_| !doubled.next().unwrap_or(false));
    frames.sort_by_key(|frame| (frame.depth, frame.boxes[0]));
    frames
}

/// The rectangles of all boxes.
fn measure(layout: &Layout, cards: &[Card], frames: &[Frame]) -> Vec<Rect> {
    let mut widths = vec![0f64; layout.columns];
    let mut heights = vec![0f64; layout.rows];
    let mut above = vec![0f64; layout.rows];
    let mut below = vec![0f64; layout.rows];
    for (place, card) in layout.places.iter().zip(cards) {
        widths[place.column] = widths[place.column].max(card.width());
        heights[place.row] = heights[place.row].max(card.height());
    }
    let row = |i: &usize| layout.places[*i].row;
    for (i, frame) in frames.iter().enumerate() {
        // Frames side by side, in branches, open and close together.
        let same = |other: &Frame| other.depth == frame.depth;
        let top = frame.boxes.iter().map(row).min().unwrap_or(0);
        let bottom = frame.boxes.iter().map(row).max().unwrap_or(0);
        let before = || frames[..i].iter().filter(|f| same(f));
        if !before().any(|f| f.boxes.iter().map(row).min() == Some(top)) {
            above[top] += FRAME_TITLE;
        }
        if !before().any(|f| f.boxes.iter().map(row).max() == Some(bottom)) {
            below[bottom] += FRAME;
        }
    }
    let lanes = |column: usize| {
        let ways = layout.arrows.iter().filter(|a| layout.places[a.from].column == column);
        let most =
            ways.filter_map(|a| if let Way::Around(lane) = a.way { Some(lane + 1) } else { None });
        most.max().unwrap_or(0) as f64
    };
    let mut lefts = Vec::with_capacity(layout.columns);
    let mut x = 0.0;
    for (column, width) in widths.iter().enumerate() {
        if column > 0 {
            x += BETWEEN + LANE * lanes(column);
        }
        lefts.push(x);
        x += width;
    }
    let mut tops = Vec::with_capacity(layout.rows);
    let mut y = 84.0;
    for row in 0..layout.rows {
        y += above[row];
        tops.push(y);
        y += heights[row] + below[row] + GAP;
    }
    let rect = |(place, card): (&layout::Place, &Card)| {
        let (width, height) = (card.width(), card.height());
        Rect {
            x: lefts[place.column] + (widths[place.column] - width) / 2.0,
            y: tops[place.row] + (heights[place.row] - height) / 2.0,
            w: width,
            h: height,
        }
    };
    layout.places.iter().zip(cards).map(rect).collect()
}

/// The rectangles of frames: their boxes, the arrows that go around these, and the frames inside.
fn surround(frames: &[Frame], rects: &[Rect], layout: &Layout, lanes: &[f64]) -> Vec<Rect> {
    let mut around: Vec<Rect> = frames.iter().map(|f| rects[f.boxes[0]]).collect();
    // Inner frames follow outer ones.
    for i in (0..frames.len()).rev() {
        let frame = &frames[i];
        let holds = |other: &Frame| other.boxes.iter().all(|b| frame.boxes.contains(b));
        let inner = (i + 1..frames.len()).filter(|&k| frames[k].depth > frame.depth);
        let inner = inner.filter(|&k| holds(&frames[k])).map(|k| around[k]);
        let parts: Vec<Rect> = frame.boxes.iter().map(|&b| rects[b]).chain(inner).collect();
        let top = parts.iter().map(|r| r.y).fold(f64::MAX, f64::min);
        let bottom = parts.iter().map(Rect::bottom).fold(0.0, f64::max);
        let right = parts.iter().map(Rect::right).fold(0.0, f64::max);
        let mut left = parts.iter().map(|r| r.x).fold(f64::MAX, f64::min);
        for (arrow, lane) in layout.arrows.iter().zip(lanes) {
            if frame.boxes.contains(&arrow.to) && matches!(arrow.way, Way::Around(_)) {
                left = left.min(*lane);
            }
        }
        let title = 6.6 * frame.name.chars().count() as f64 + 2.0 * BESIDE;
        let right = (right + FRAME).max(rects[frame.boxes[0]].middle() + title);
        let (y, left) = (top - FRAME_TITLE - 4.0, left - FRAME);
        around[i] = Rect { x: left, y, w: right - left, h: bottom + FRAME - y };
    }
    around
}

/// How far left an arrow goes: left of all boxes between its ends.
fn lane_x(arrow: &Arrow, layout: &Layout, rects: &[Rect]) -> f64 {
    let (from, to) = (&layout.places[arrow.from], &layout.places[arrow.to]);
    let column = from.column.min(to.column);
    let between =
        layout.places.iter().zip(rects).filter(|(place, _)| {
            place.column == column && (from.row..=to.row).contains(&place.row)
        });
    let left = between.map(|(_, rect)| rect.x).fold(f64::MAX, f64::min);
    match arrow.way {
        Way::Around(lane) => left - LANE * (lane + 1) as f64,
        _ => left,
    }
}

/// A frame; its title stands right of the arrow into its first box, at `entry`.
fn draw_frame(frame: &Frame, r: &Rect, entry: f64) -> String {
    let fill = if frame.depth.is_multiple_of(2) { "#fafbfc" } else { "#f5f7fa" };
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"10\" fill=\"{fill}\" \
         stroke=\"#e4e7ec\"/><text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" font-weight=\"600\" \
         fill=\"#98a2b3\">{}</text>",
        r.x,
        r.y,
        r.w,
        r.h,
        entry + BESIDE,
        r.y + 16.0,
        escape(&frame.name)
    )
}

fn draw_arrow(arrow: &Arrow, lane: f64, rects: &[Rect]) -> String {
    let (a, b) = (&rects[arrow.from], &rects[arrow.to]);
    let path = match arrow.way {
        Way::Down => {
            format!("M{:.1} {:.1} L{:.1} {:.1}", a.middle(), a.bottom(), b.middle(), b.y - 2.0)
        }
        Way::Fork => {
            let side = if b.middle() > a.middle() { a.right() } else { a.x };
            let (x, y) = (b.middle(), a.centre());
            let r = 14.0f64.copysign(x - side);
            format!(
                "M{side:.1} {y:.1} L{:.1} {y:.1} Q{x:.1} {y:.1} {x:.1} {:.1} L{x:.1} {:.1}",
                x - r,
                y + 14.0,
                b.y - 2.0
            )
        }
        Way::Join => {
            let side = if a.middle() > b.middle() { b.right() + 2.0 } else { b.x - 2.0 };
            let (x, y) = (a.middle(), b.centre());
            let r = 14.0f64.copysign(x - side);
            format!(
                "M{x:.1} {:.1} L{x:.1} {:.1} Q{x:.1} {y:.1} {:.1} {y:.1} L{side:.1} {y:.1}",
                a.bottom(),
                y - 14.0,
                x - r
            )
        }
        Way::Around(_) => {
            let (top, bottom) = (a.centre(), b.centre());
            let bend = 30.0f64.min((bottom - top) / 2.0);
            format!(
                "M{:.1} {top:.1} C{:.1} {top:.1} {lane:.1} {top:.1} {lane:.1} {:.1} L{lane:.1} {:.1} \
                 C{lane:.1} {bottom:.1} {:.1} {bottom:.1} {:.1} {bottom:.1}",
                a.x,
                (a.x + lane) / 2.0,
                top + bend,
                bottom - bend,
                (b.x + lane) / 2.0,
                b.x - 2.0
            )
        }
    };
    let colour = if matches!(arrow.way, Way::Around(_)) { "#84adff" } else { "#98a2b3" };
    format!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" \
         marker-end=\"url(#tip)\"/>"
    )
}

fn draw_shape(arrow: &Arrow, lane: f64, network: &Network, rects: &[Rect]) -> String {
    let inputs = network.inputs.len();
    let ty = match arrow.from.checked_sub(inputs) {
        Some(layer) => &network.layers[layer].ty,
        None => &network.inputs[arrow.from].1,
    };
    let (a, b) = (&rects[arrow.from], &rects[arrow.to]);
    let (x, y) = match arrow.way {
        // Close to the box it leaves, so that a frame between the two stays clear of it.
        Way::Down => {
            (a.middle() + BESIDE, a.bottom() + 18.0f64.min((b.y - a.bottom()) / 2.0 + 4.0))
        }
        Way::Fork => (b.middle() + BESIDE, a.centre() + 30.0),
        Way::Join => (a.middle() + BESIDE, a.bottom() + 20.0),
        Way::Around(_) => (lane + 6.0, a.centre() + 40.0),
    };
    let kind = if ty.dtype == dlm_graph::DType::F32 { "" } else { "int" };
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"10.5\" font-family=\"{MONO}\" \
         fill=\"#667085\">{kind}{}</text>",
        ty.shape
    )
}

fn draw_card(card: &Card, r: &Rect) -> String {
    let radius = if card.round { r.h / 2.0 } else { 7.0 };
    let mut out = format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius:.1}\" \
         fill=\"{}\" stroke=\"{}\" stroke-width=\"1.2\"/>",
        r.x, r.y, r.w, r.h, card.fill, card.edge
    );
    let title_y = if card.detail.is_empty() { r.centre() + 4.3 } else { r.y + 18.5 };
    // Writing into a string succeeds.
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{title_y:.1}\" font-size=\"12\" font-family=\"{MONO}\" \
         text-anchor=\"middle\" fill=\"#101828\">{}</text>",
        r.middle(),
        escape(&card.title)
    );
    if !card.detail.is_empty() {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"10.5\" text-anchor=\"middle\" \
             fill=\"#667085\">{}</text>",
            r.middle(),
            r.y + 34.5,
            escape(&card.detail)
        );
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
