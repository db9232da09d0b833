//! The table for people.

use crate::cell::{Cell, Reach};

/// A column: who ran the probe and what it found, or why it found nothing.
pub struct Column {
    /// Its heading.
    pub name: String,
    /// The cells, or the reason why there are none.
    pub cells: Result<Vec<Cell>, String>,
}

/// Lays the columns out beside each other, one line per resource and action, and counts what reached the host.
pub fn render(columns: &[Column]) -> String {
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for cell in columns.iter().filter_map(|column| column.cells.as_ref().ok()).flatten() {
        let row = (cell.resource.as_str(), cell.action.as_str());
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let found = |column: &Column, (resource, action): (&str, &str)| {
        let cells = column.cells.as_ref().ok()?;
        cells
            .iter()
            .find(|cell| cell.resource == resource && cell.action == action)
            .map(|cell| cell.reach.clone())
    };
    let mut lines = vec![heading(columns)];
    for row in rows {
        let mut line = vec![row.0.to_owned(), row.1.to_owned()];
        line.extend(
            columns.iter().map(|column| found(column, row).map_or("-".to_owned(), |reach| reach.to_string())),
        );
        lines.push(line);
    }
    let mut last = vec!["reached".to_owned(), "the host".to_owned()];
    last.extend(columns.iter().map(|column| match &column.cells {
        Ok(cells) => cells.iter().filter(|cell| cell.reach == Reach::Host).count().to_string(),
        Err(_) => "?".to_owned(),
    }));
    lines.push(last);
    let mut text = align(&lines);
    for column in columns {
        if let Err(reason) = &column.cells {
            text.push_str(&format!("{}: {reason}\n", column.name));
        }
    }
    text
}

/// The first line.
fn heading(columns: &[Column]) -> Vec<String> {
    let mut line = vec!["resource".to_owned(), "action".to_owned()];
    line.extend(columns.iter().map(|column| column.name.clone()));
    line
}

/// Pads every column to its widest entry.
fn align(lines: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for line in lines {
        for (index, word) in line.iter().enumerate() {
            match widths.get_mut(index) {
                Some(width) => *width = (*width).max(word.len()),
                None => widths.push(word.len()),
            }
        }
    }
    let mut text = String::new();
    for line in lines {
        let padded: Vec<String> =
            line.iter().zip(&widths).map(|(word, width)| format!("{word:<width$}")).collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}
