using System.Collections.Immutable;
using System.Globalization;
using Assay.Evaluation;
using Assay.Training;

namespace Assay.Lab;

/// <summary>The report of one training.</summary>
internal static class TrainingReport
{
    public static Report Of(Recipe recipe, string algorithm, PreparedData data, Run run, Judgement? judgement, TrainingTrace trace, DateTimeOffset now)
    {
        var sections = ImmutableArray.CreateBuilder<ReportSection>();
        if (judgement is not null)
            sections.AddRange(JudgementSections.Of(judgement, data.Train.ClassNames));
        sections.AddRange(CurvesSection.OfTraining(trace.Points));
        sections.Add(new TableSection("Data", ["part", "#examples", "use"],
        [
            ["training", Text(data.Train.Count), "the weights"],
            ["validation", Text(data.Validation?.Count ?? 0), "early stopping and choices"],
            ["test", Text(data.Test?.Count ?? 0), "the figures above, looked at once"],
        ]));
        sections.Add(ReproduceSection.Of(run.Info));
        var what = recipe.Model is { } model ? model.ToString() : recipe.Algorithm!.ToString();
        return new Report($"Training {what} on {data.Name}", Verdict(judgement, trace), now, sections.ToImmutable())
        {
            Subtitle = string.Create(CultureInfo.InvariantCulture, $"{algorithm}, seed {run.Info.Seed}, {data.Count} examples, {run.Info.Seconds:0.#} s"),
        };
    }

    /// <summary>The result in a sentence or two.</summary>
    public static string Verdict(Judgement? judgement, TrainingTrace trace)
    {
        if (judgement is null)
            return $"There was no test part to judge on; the training loss ended at {ReportNumbers.Value(trace.Last("train/loss"))}.";
        if (judgement.Metrics.FirstOrDefault(m => m.Name == "accuracy") is not { } accuracy)
            return $"{string.Join(", ", judgement.Metrics.Take(2).Select(m => $"{m.Title} {ReportNumbers.ValueAndInterval(m.Estimate)}"))} on {judgement.Count} test examples.";
        var words = $"Accuracy {ReportNumbers.ValueAndInterval(accuracy.Estimate)} on {judgement.Count} test examples";
        var total = judgement.Reliability.Sum(b => b.Count);
        var bias = total == 0 ? double.NaN : judgement.Reliability.Sum(b => b.Count * b.Gap) / total;
        return double.IsNaN(bias) ? $"{words}."
            : Math.Abs(bias) < 0.01 ? $"{words}; on average it is as sure as it is right."
            : $"{words}; {(bias < 0 ? "over" : "under")}confident by {ReportNumbers.Percent(Math.Abs(bias))} on average.";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
