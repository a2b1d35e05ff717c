using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>Precision, recall and F1 of the positive classes together, the negative class left out (the TACRED scorer).</summary>
/// <param name="Precision">#{ŷ = y ≠ ∅}/#{ŷ ≠ ∅}; 1 where nothing is predicted, by the official scorer's convention.</param>
/// <param name="Recall">#{ŷ = y ≠ ∅}/#{y ≠ ∅}; 0 where there is nothing to find.</param>
/// <param name="F1">2PR/(P + R).</param>
public readonly record struct PositiveScore(double Precision, double Recall, double F1)
{
    /// <summary>Scores predictions.</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="predicted">The predicted classes.</param>
    /// <param name="negativeClass">The class that is left out.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static PositiveScore Of(ReadOnlySpan<int> labels, ReadOnlySpan<int> predicted, int negativeClass)
    {
        if (labels.Length != predicted.Length)
            throw new ArgumentException($"{predicted.Length} predictions for {labels.Length} labels", nameof(predicted));
        int hits = 0, guessed = 0, positive = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            guessed += predicted[i] != negativeClass ? 1 : 0;
            positive += labels[i] != negativeClass ? 1 : 0;
            hits += labels[i] == predicted[i] && labels[i] != negativeClass ? 1 : 0;
        }
        var precision = guessed == 0 ? 1 : (double)hits / guessed;
        var recall = positive == 0 ? 0 : (double)hits / positive;
        return new PositiveScore(precision, recall, precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall));
    }
}

/// <summary>A kind of error around a negative class.</summary>
public enum ErrorSource
{
    /// <summary>A positive that was predicted negative.</summary>
    FalseNegative,
    /// <summary>A negative that was predicted positive.</summary>
    FalsePositive,
    /// <summary>A positive that was predicted as another.</summary>
    WrongPositive,
}

/// <summary>One kind of error of one model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Source">The kind.</param>
/// <param name="Count">How many.</param>
/// <param name="Share">Their share of the model's errors.</param>
/// <param name="ScoreWithout">The score if these examples were dropped: what it would be if this kind were all label noise.</param>
public sealed record ErrorSourceCount(string Model, ErrorSource Source, int Count, double Share, PositiveScore ScoreWithout);

/// <summary>Where the errors of models lie around a negative class.</summary>
/// <param name="Scores">Each model's score.</param>
/// <param name="Counts">Each kind of error of each model.</param>
/// <param name="FalsePositives">The rows that any model takes for a positive though they are labelled negative, with the number of models that do, most first.</param>
/// <param name="Agreement">Among rows that several models take for a positive, the share where they name the same class; NaN for one model.</param>
public sealed record ErrorSources(ImmutableArray<(string Model, PositiveScore Score)> Scores, ImmutableArray<ErrorSourceCount> Counts, ImmutableArray<(int Row, int Models)> FalsePositives, double Agreement)
{
    /// <summary>Characterises the errors.</summary>
    /// <param name="labels">The given labels.</param>
    /// <param name="models">Each model's name and predicted classes.</param>
    /// <param name="negativeClass">The negative class.</param>
    /// <exception cref="ArgumentException">There are no models, or lengths differ.</exception>
    public static ErrorSources Report(ReadOnlySpan<int> labels, IReadOnlyList<(string Name, ImmutableArray<int> Predicted)> models, int negativeClass)
    {
        ArgumentNullException.ThrowIfNull(models);
        if (models.Count == 0)
            throw new ArgumentException("at least one model was expected", nameof(models));
        var given = labels.ToArray();
        var (scores, counts) = (ImmutableArray.CreateBuilder<(string, PositiveScore)>(), ImmutableArray.CreateBuilder<ErrorSourceCount>());
        foreach (var (name, predicted) in models)
        {
            scores.Add((name, PositiveScore.Of(given, predicted.AsSpan(), negativeClass)));
            var sources = given.Select((l, i) => Source(l, predicted[i], negativeClass)).ToArray();
            var errors = sources.Count(s => s is not null);
            foreach (var source in Enum.GetValues<ErrorSource>())
            {
                int[] kept = [.. Enumerable.Range(0, given.Length).Where(i => sources[i] != source)];
                var count = given.Length - kept.Length;
                counts.Add(new ErrorSourceCount(name, source, count, errors == 0 ? 0 : (double)count / errors,
                    PositiveScore.Of([.. kept.Select(i => given[i])], [.. kept.Select(i => predicted[i])], negativeClass)));
            }
        }
        var suspicious = Enumerable.Range(0, given.Length).Where(i => given[i] == negativeClass)
            .Select(i => (Row: i, Guesses: models.Select(m => m.Predicted[i]).Where(p => p != negativeClass).ToArray())).Where(s => s.Guesses.Length > 0).ToArray();
        var several = suspicious.Where(s => s.Guesses.Length > 1).ToArray();
        return new ErrorSources(
            scores.ToImmutable(), counts.ToImmutable(), [.. suspicious.OrderByDescending(s => s.Guesses.Length).ThenBy(s => s.Row).Select(s => (s.Row, s.Guesses.Length))],
            several.Length == 0 ? double.NaN : (double)several.Count(s => s.Guesses.Distinct().Count() == 1) / several.Length);
    }

    private static ErrorSource? Source(int label, int predicted, int negative) => label == predicted ? null
        : predicted == negative ? ErrorSource.FalseNegative
        : label == negative ? ErrorSource.FalsePositive
        : ErrorSource.WrongPositive;
}
