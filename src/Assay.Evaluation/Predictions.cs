using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What the scores of a <see cref="Predictions"/> mean.</summary>
public enum ScoreKind
{
    /// <summary>Class probabilities; each row sums to 1.</summary>
    Probabilities,
    /// <summary>Unnormalised class scores; softmax gives probabilities.</summary>
    Logits,
    /// <summary>Only the predicted class is known: each row is one-hot.</summary>
    Classes,
    /// <summary>One predicted real value for each example (regression).</summary>
    Values,
}

/// <summary>
/// The predictions of one model on one set of examples: the exchange type of this room. Immutable. Any framework can hand them over as
/// CSV, Parquet or NPY. For classification <see cref="Scores"/> is n × k; for regression n × 1.
/// </summary>
public sealed class Predictions
{
    /// <summary>The model's name in reports.</summary>
    public required string Model { get; init; }

    /// <summary>What the scores mean.</summary>
    public required ScoreKind Kind { get; init; }

    /// <summary>The scores: n rows, k classes (or 1 column for regression).</summary>
    public required FloatMatrix Scores { get; init; }

    /// <summary>The true class of each example, or empty for regression or where truth is unknown.</summary>
    public ImmutableArray<int> Labels { get; init; } = [];

    /// <summary>The true value of each example, or empty for classification.</summary>
    public ImmutableArray<float> Targets { get; init; } = [];

    /// <summary>The ids of the examples, or empty: then the row number is the id.</summary>
    public ImmutableArray<string> Ids { get; init; } = [];

    /// <summary>The names of the classes.</summary>
    public ImmutableArray<string> ClassNames { get; init; } = [];

    /// <summary>Further columns by which the examples can be sliced: domain, group, or any of the user's own.</summary>
    public ImmutableDictionary<string, CategoryColumn> Slices { get; init; } = ImmutableDictionary<string, CategoryColumn>.Empty;

    /// <summary>The number of examples.</summary>
    public int Count => Scores.Rows;

    /// <summary>The number of classes; 1 for regression.</summary>
    public int ClassCount => Scores.Columns;
}
