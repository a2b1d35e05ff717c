using System.Collections.Immutable;
using Assay.Data;

namespace Assay.Evaluation;

/// <summary>What must be known of a whole file before any row of it can be read: the classes that occur, and whether values are meant.</summary>
/// <param name="IsRegression">Whether the predictions are values.</param>
/// <param name="Labels">The classes that occur as the truth.</param>
/// <param name="All">The classes that occur as the truth or as predictions.</param>
internal sealed record PredictionSurvey(bool IsRegression, ImmutableArray<string> Labels, ImmutableArray<string> All)
{
    // More distinct integers than this among labels are rather numbers than classes.
    private const int MostClasses = 1000;

    // Of a column of numbers no more are collected: they are no classes.
    private const int MostCollected = 1_000_000;

    private static readonly PredictionSurvey Unneeded = new(false, [], []);

    /// <summary>Whether the columns' names alone do not say all: there is a score for one class only, or none.</summary>
    public static bool IsNeeded(PredictionColumns columns) => columns.Scores.Length < 2;

    /// <summary>Surveys a table.</summary>
    public static PredictionSurvey Of(Table table, PredictionColumns columns) => Of(table.Source, [table], columns);

    /// <summary>Surveys a file block by block; only the columns of truth and prediction are looked at.</summary>
    /// <exception cref="InvalidDataException">Integers that may be classes or numbers.</exception>
    public static PredictionSurvey Of(string source, IEnumerable<Table> blocks, PredictionColumns columns)
    {
        if (!IsNeeded(columns))
            return Unneeded;
        var (labels, predicted) = (new Occurring(), new Occurring());
        foreach (var block in blocks)
        {
            if (columns.Label is { } label)
                labels.Add(block[label]);
            if (columns.Scores.IsEmpty)
                predicted.Add(block[columns.Prediction!]);
        }
        if (!columns.Scores.IsEmpty)
            return new PredictionSurvey(false, labels.Names(), []);
        if (columns.Kind is { } kind ? kind == ScoreKind.Values : !predicted.CouldBeClasses || !labels.CouldBeClasses)
            return new PredictionSurvey(true, [], []);
        var all = labels.With(predicted).Names();
        return all.Length <= MostClasses || columns.Kind is not null
            ? new PredictionSurvey(false, labels.Names(), all)
            : throw new InvalidDataException($"{source}: columns '{columns.Label}' and '{columns.Prediction}' hold {all.Length} different values: classes or numbers? Say --kind classes or --kind values");
    }

    // The distinct values of a column; those of one that holds real numbers are not collected.
    private sealed class Occurring
    {
        private readonly HashSet<string> texts = new(StringComparer.Ordinal);
        private readonly HashSet<double> numbers = [];

        public bool CouldBeClasses { get; private set; } = true;

        public void Add(TableColumn column)
        {
            CouldBeClasses &= ClassCodes.CouldBeClasses(column);
            if (CouldBeClasses && numbers.Count <= MostCollected)
                ClassCodes.Collect(column, texts, numbers);
        }

        public Occurring With(Occurring other)
        {
            var both = new Occurring();
            both.texts.UnionWith(texts.Concat(other.texts));
            both.numbers.UnionWith(numbers.Concat(other.numbers));
            return both;
        }

        public ImmutableArray<string> Names() => ClassCodes.Names(texts, numbers);
    }
}
