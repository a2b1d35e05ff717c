using Assay.Data;
using Assay.Evaluation;

namespace Assay.Cli;

/// <summary>The data set behind audited predictions, whose images or texts a report shows.</summary>
/// <param name="Data">The data set.</param>
/// <param name="RowOf">The data set's row of a row of the predictions.</param>
internal sealed record AuditedExamples(Dataset Data, Func<int, int> RowOf)
{
    // By id where the data set knows all of them, else by row.
    public static AuditedExamples Of(CliEnvironment environment, string source, Predictions predictions)
    {
        var path = environment.PathOf(source);
        var data = DatasetFile.Load(File.Exists(path) || Directory.Exists(path) ? path : source);
        var rows = Enumerable.Range(0, data.Count).ToDictionary(i => data.Ids[i], i => i, StringComparer.Ordinal);
        if (Enumerable.Range(0, predictions.Count).All(i => rows.ContainsKey(predictions.Id(i))))
            return new AuditedExamples(data, row => rows[predictions.Id(row)]);
        return data.Count == predictions.Count
            ? new AuditedExamples(data, row => row)
            : throw new ArgumentException($"data set '{data.Name}' has {data.Count} examples and other ids than the {predictions.Count} predictions of {predictions.Model}");
    }
}
