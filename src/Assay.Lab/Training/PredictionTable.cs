using Assay.Data;
using Assay.Evaluation;

namespace Assay.Lab;

/// <summary>
/// Predictions as a run keeps them: the columns that <see cref="PredictionsFile"/> reads, classes as probabilities, and beside those
/// <c>predicted</c>, so that a query need not search for the largest.
/// </summary>
public static class PredictionTable
{
    /// <summary>The table of predictions.</summary>
    public static Table Of(Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        if (predictions.Kind is ScoreKind.Values or ScoreKind.Classes)
            return predictions.ToTable();
        var table = predictions.ToProbabilities().ToTable();
        return new Table(table.Source, [.. table.Columns, new TextColumn("predicted", [.. predictions.PredictedClasses().Select(predictions.ClassName)])]);
    }
}
