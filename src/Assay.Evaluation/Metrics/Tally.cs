namespace Assay.Evaluation;

/// <summary>
/// What metrics remember of the predictions seen so far. Filled block by block; two tallies of the same kind merge into the tally of both
/// streams. Not thread-safe: one for each thread, then <see cref="Merge"/>.
/// </summary>
public abstract class Tally
{
    /// <summary>Announces how many rows will come, so that room is made once.</summary>
    public virtual void Expect(int rows)
    {
    }

    /// <summary>Takes a block of predictions.</summary>
    public abstract void Add(in PredictionBlock block);

    /// <summary>Takes all that another tally of the same kind has seen, as if it came after what this one has seen.</summary>
    /// <exception cref="ArgumentException">The other tally is of another kind.</exception>
    public abstract void Merge(Tally other);

    /// <summary>The other tally as one of this kind.</summary>
    /// <exception cref="ArgumentException">It is of another kind.</exception>
    protected static T Same<T>(Tally other) where T : Tally => other as T
        ?? throw new ArgumentException($"a {typeof(T).Name} was expected, not a {other?.GetType().Name ?? "null"}", nameof(other));
}

/// <summary>
/// A few rows of predictions with what all metrics share already worked out. For classification <see cref="Scores"/> are probabilities,
/// rows × classes; for regression they are the predicted values, one for each row.
/// </summary>
public readonly ref struct PredictionBlock
{
    /// <summary>The number of classes; 1 for regression.</summary>
    public required int ClassCount { get; init; }

    /// <summary>Probabilities, row after row, or predicted values.</summary>
    public required ReadOnlySpan<float> Scores { get; init; }

    /// <summary>The number of the first row in the whole stream, counted from 0.</summary>
    public long FirstRow { get; init; }

    /// <summary>The true classes; empty for regression.</summary>
    public ReadOnlySpan<int> Labels { get; init; }

    /// <summary>The true values; empty for classification.</summary>
    public ReadOnlySpan<float> Targets { get; init; }

    /// <summary>The class of the highest probability, the first of equals; empty for regression.</summary>
    public ReadOnlySpan<int> Predicted { get; init; }

    /// <summary>The highest probability; empty for regression.</summary>
    public ReadOnlySpan<float> Confidences { get; init; }

    /// <summary>The number of rows.</summary>
    public int Count => Scores.Length / ClassCount;

    /// <summary>Some of the rows.</summary>
    public PredictionBlock Slice(int start, int count) => new()
    {
        ClassCount = ClassCount,
        FirstRow = FirstRow + start,
        Scores = Scores.Slice(start * ClassCount, count * ClassCount),
        Labels = Labels.IsEmpty ? default : Labels.Slice(start, count),
        Targets = Targets.IsEmpty ? default : Targets.Slice(start, count),
        Predicted = Predicted.IsEmpty ? default : Predicted.Slice(start, count),
        Confidences = Confidences.IsEmpty ? default : Confidences.Slice(start, count),
    };
}
