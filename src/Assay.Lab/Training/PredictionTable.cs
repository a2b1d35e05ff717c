using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>
/// Predictions as a table, one row for each example: <c>id</c>, the truth (<c>label</c> or <c>target</c>), <c>predicted</c>, one column for
/// each class with its probability, and the slicing columns.
/// </summary>
public static class PredictionTable
{
    /// <summary>The table of predictions.</summary>
    public static Table Of(Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        var rows = Enumerable.Range(0, predictions.Count);
        var columns = ImmutableArray.CreateBuilder<TableColumn>();
        columns.Add(new TextColumn("id", [.. rows.Select(predictions.Id)]));
        if (predictions.IsRegression)
        {
            if (predictions.HasTruth)
                columns.Add(new FloatColumn("target", [.. predictions.Targets]));
            columns.Add(new FloatColumn("predicted", predictions.Scores.Values.ToArray()));
        }
        else
        {
            AddClasses(columns, predictions);
        }
        foreach (var (name, column) in predictions.Slices.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if (columns.All(c => c.Name != name))
                columns.Add(new TextColumn(name, [.. rows.Select(r => column[r])]));
        }
        return new Table("predictions", columns.ToImmutable());
    }

    private static void AddClasses(ImmutableArray<TableColumn>.Builder columns, Predictions predictions)
    {
        if (predictions.HasTruth)
            columns.Add(new TextColumn("label", [.. predictions.Labels.Select(predictions.ClassName)]));
        columns.Add(new TextColumn("predicted", [.. predictions.PredictedClasses().Select(predictions.ClassName)]));
        var probabilities = predictions.ToProbabilities();
        for (var c = 0; c < predictions.ClassCount; c++)
        {
            var values = new float[predictions.Count];
            for (var r = 0; r < values.Length; r++)
                values[r] = probabilities.Scores[r, c];
            columns.Add(new FloatColumn($"p_{predictions.ClassName(c)}", values));
        }
    }
}
