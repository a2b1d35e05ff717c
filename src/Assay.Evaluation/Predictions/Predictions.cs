using System.Collections.Immutable;
using System.Globalization;
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
public sealed partial class Predictions
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

    /// <summary>How far a row of probabilities may be from a sum of 1.</summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    /// <summary>The number of examples.</summary>
    public int Count => Scores.Rows;

    /// <summary>The number of classes; 1 for regression.</summary>
    public int ClassCount => Scores.Columns;

    /// <summary>Whether this is regression.</summary>
    public bool IsRegression => Kind == ScoreKind.Values;

    /// <summary>Whether the truth is known.</summary>
    public bool HasTruth => IsRegression ? !Targets.IsEmpty : !Labels.IsEmpty;

    /// <summary>The name of a class; its number where classes have no names.</summary>
    public string ClassName(int index) => ClassNames.IsEmpty ? index.ToString(CultureInfo.InvariantCulture) : ClassNames[index];

    /// <summary>The id of an example; the row number where examples have none.</summary>
    public string Id(int row) => Ids.IsEmpty ? row.ToString(CultureInfo.InvariantCulture) : Ids[row];

    /// <summary>The class of the highest score of each example, the first of equals.</summary>
    /// <exception cref="InvalidOperationException">These are predictions of values.</exception>
    public int[] PredictedClasses()
    {
        if (IsRegression)
            throw new InvalidOperationException($"'{Model}' predicts values, not classes");
        var classes = new int[Count];
        Parallel.For(0, (Count + 8191) / BlockRows, block =>
        {
            for (var i = block * BlockRows; i < Math.Min(Count, (block + 1) * BlockRows); i++)
                classes[i] = ArgMax(Scores.Row(i));
        });
        return classes;
    }

    /// <summary>The same predictions with probabilities for scores: softmax of logits, the scores themselves otherwise.</summary>
    /// <exception cref="InvalidOperationException">These are predictions of values.</exception>
    public Predictions ToProbabilities()
    {
        if (IsRegression)
            throw new InvalidOperationException($"'{Model}' predicts values, not classes");
        if (Kind != ScoreKind.Logits)
            return this;
        var probabilities = new float[Scores.Values.Length];
        var memory = Scores.Memory;
        Parallel.For(0, (Count + 8191) / BlockRows, block =>
        {
            var start = block * BlockRows * ClassCount;
            var length = Math.Min(BlockRows * ClassCount, probabilities.Length - start);
            MetricAccumulator.Softmax(memory.Span.Slice(start, length), probabilities.AsSpan(start, length), ClassCount);
        });
        return With(kind: ScoreKind.Probabilities, scores: new FloatMatrix(probabilities, Count, ClassCount));
    }

    /// <summary>The given examples, in the given order.</summary>
    public Predictions Select(ReadOnlySpan<int> rows)
    {
        var slices = ImmutableDictionary.CreateBuilder<string, CategoryColumn>();
        foreach (var (name, column) in Slices)
            slices.Add(name, column.Select(rows));
        return new Predictions
        {
            Model = Model,
            Kind = Kind,
            Scores = Scores.Select(rows),
            Labels = Take(Labels, rows),
            Targets = Take(Targets, rows),
            Ids = Take(Ids, rows),
            ClassNames = ClassNames,
            Tolerance = Tolerance,
            Slices = slices.ToImmutable(),
        };
    }

    /// <summary>The same predictions with some parts replaced; a part that is left out stays.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="kind">What the scores mean.</param>
    /// <param name="scores">The scores.</param>
    /// <param name="labels">The true classes.</param>
    /// <param name="targets">The true values.</param>
    /// <param name="classNames">The names of the classes.</param>
    public Predictions With(
        string? model = null, ScoreKind? kind = null, FloatMatrix? scores = null, ImmutableArray<int>? labels = null, ImmutableArray<float>? targets = null,
        ImmutableArray<string>? classNames = null) => new()
        {
            Model = model ?? Model,
            Kind = kind ?? Kind,
            Scores = scores ?? Scores,
            Labels = labels ?? Labels,
            Targets = targets ?? Targets,
            Ids = Ids,
            ClassNames = classNames ?? ClassNames,
            Tolerance = Tolerance,
            Slices = Slices,
        };

    /// <summary>The index of the largest score, the first of equals.</summary>
    internal static int ArgMax(ReadOnlySpan<float> scores)
    {
        var best = scores[0];
        var index = 0;
        for (var j = 1; j < scores.Length; j++)
        {
            if (scores[j] > best)
            {
                best = scores[j];
                index = j;
            }
        }
        return index;
    }

    private static ImmutableArray<T> Take<T>(ImmutableArray<T> items, ReadOnlySpan<int> rows)
    {
        if (items.IsEmpty)
            return items;
        var chosen = ImmutableArray.CreateBuilder<T>(rows.Length);
        foreach (var row in rows)
            chosen.Add(items[row]);
        return chosen.MoveToImmutable();
    }
}
