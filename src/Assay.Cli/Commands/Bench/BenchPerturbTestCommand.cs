using System.Collections.Immutable;
using System.CommandLine;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Cli;

/// <summary><c>assay bench perturb-test</c>: original against reworded results.</summary>
internal static class BenchPerturbTestCommand
{
    public static Command Create(CliEnvironment environment)
    {
        var file = new Argument<string>("answers") { Description = "Answers: model, item, wording (0 is the original), correct, with option and subject where known; or id, correct_original, correct_rephrased, with model, subject, params_b and mu where known." };
        var variant = new Option<string>("--test") { Description = $"The variant of McNemar's test: {string.Join(", ", Enum.GetValues<McNemarVariant>().Select(LabJson.Name))}; auto is exact below 50 disagreements and uncorrected above.", HelpName = "name", DefaultValueFactory = _ => "auto" };
        var alpha = new Option<double>("--alpha") { Description = "The level of significance, after Holm's correction over the models.", HelpName = "α", DefaultValueFactory = _ => 0.05 };
        var wording = new Option<int?>("--wording") { Description = "The wording that the original is tested against; the strongest distortion, or 1, by default.", HelpName = "number" };
        var reference = new Option<string?>("--reference") { Description = "A model that reads well: its loss is what the rewording itself costs.", HelpName = "model" };
        var seed = new Option<long>("--seed") { Description = "The seed of resampling.", HelpName = "number" };
        var html = new Option<string?>("--html") { Description = "Write a report with plots.", HelpName = "file" };
        var command = new Command("perturb-test", "Do scores survive another wording? Drops, McNemar's test, consistency, the order of the models, dose and response.") { file, variant, alpha, wording, reference, seed, html };
        command.Example("assay bench perturb-test answers.csv", "drops, instability and whether the leaderboard holds");
        command.Example("assay bench perturb-test pairs.csv --reference human --html wording.html", "the loss beyond what a careful reader loses, as a page");
        command.Example("assay bench perturb-test pairs.csv --test exact --json", "for a script");
        command.Handle(environment, session =>
        {
            var test = Choice.Of<McNemarVariant>(session.Require(variant), "--test");
            var options = new CbodOptions { Alpha = session.Get(alpha), Variant = test == McNemarVariant.Auto ? null : test };
            var results = WordingResults.Load(environment.PathOf(session.Require(file)));
            var against = session.Get(wording) ?? (results.Distortions.IsEmpty ? 1 : results.ParaphraseCount);
            if (against < 1 || against > results.ParaphraseCount)
                throw new ArgumentException($"--wording must be between 1 and {results.ParaphraseCount}, not {against}");
            if (session.Get(reference) is { } named && !results.Models.Contains(named))
                throw new ArgumentException($"--reference: there is no model '{named}'{Spelling.Suggestion(named, results.Models)}; there are: {string.Join(", ", results.Models.Take(12))}");
            session.Cancellation.ThrowIfCancellationRequested();
            var result = BenchWordingResult.Of(results, against, options, session.Get(reference), session.Get(seed));
            foreach (var warning in result.Warnings)
                session.Warn(warning);
            session.Show(result, r => BenchWordingRendering.Render(r));
            if (session.Get(html) is { } page)
            {
                session.WriteReport(page, new Report("Do the scores survive another wording?", result.Verdict, environment.Time.GetUtcNow(),
                    WordingSections.Of(result.Detector, result.Dose, result.Reliability))
                {
                    Tone = result.Detector.Any(d => d.Verdict == OverfitVerdict.Overfit) ? ReportTone.Warning : ReportTone.Neutral,
                }, session.Get(seed));
            }
            return CliHost.Done;
        });
        return command;
    }
}

/// <summary>What <c>assay bench perturb-test</c> prints.</summary>
/// <param name="Verdict">The result in a sentence or two.</param>
/// <param name="Detector">Each model: original against one other wording.</param>
/// <param name="BeyondReference">Δ of each model minus the reference's, or empty.</param>
/// <param name="Trends">How Δ depends on accuracy, and on ln of the parameters where they are known.</param>
/// <param name="Dose">For each model, the distortions and its Δ there; empty where the file names none.</param>
/// <param name="Reliability">The report over all wordings.</param>
/// <param name="Warnings">What speaks against trusting this.</param>
public sealed record BenchWordingResult(
    string Verdict, ImmutableArray<CbodResult> Detector, ImmutableArray<(string Model, double Delta)> BeyondReference, ImmutableArray<(string Over, CbodTrend Trend)> Trends,
    ImmutableArray<DoseResponse> Dose, ReliabilityReport Reliability, ImmutableArray<string> Warnings)
{
    internal static BenchWordingResult Of(WordingResults results, int against, CbodOptions options, string? reference, long seed)
    {
        var pairs = results.Models.Select((name, m) =>
        {
            var (original, other, subjects) = results.Pairs(m, against);
            return original.Length == 0 ? throw new ArgumentException($"model '{name}' has no item with answers to the original and to wording {against}") : Cbod.Of(original, other, subjects, name, options);
        }).ToArray();
        var detector = Cbod.Corrected(pairs, options);
        var reliability = ParaphraseReliability.Of(results, seed: seed);
        var flagged = detector.Count(d => d.Verdict == OverfitVerdict.Overfit);
        var order = reliability.Leaderboard is { } board ? $" The ranking is {(board.IsStable ? "stable within" : "changed beyond")} sampling noise (τ {ReportNumbers.Value(board.Tau)})." : "";
        var verdict = (flagged == 0 ? "No model loses significantly when the items are reworded." : $"{flagged} of {detector.Length} model{(detector.Length == 1 ? "" : "s")} overfit{(flagged == 1 ? "s" : "")} the wording.") + order;
        var known = detector.Where(d => results.Parameters.ContainsKey(d.Model)).ToArray();
        var trends = new List<(string, CbodTrend)>();
        if (detector.Select(d => d.Accuracy).Distinct().Count() > 1)
            trends.Add(("accuracy", CbodTrend.Of([.. detector.Select(d => d.Accuracy)], [.. detector.Select(d => d.Delta.Value)])));
        if (known.Select(d => results.Parameters[d.Model]).Distinct().Count() > 1)
            trends.Add(("ln(parameters in billions)", CbodTrend.Of([.. known.Select(d => Math.Log(results.Parameters[d.Model]))], [.. known.Select(d => d.Delta.Value)])));
        var cost = reference is null ? double.NaN : detector.Single(d => d.Model == reference).Delta.Value;
        var small = detector.Where(d => d.Verdict == OverfitVerdict.TooSmall).ToArray();
        return new BenchWordingResult(
            verdict, detector, reference is null ? [] : [.. detector.Where(d => d.Model != reference).Select(d => (d.Model, d.Delta.Value - cost))], [.. trends],
            results.Distortions.IsEmpty ? [] : [.. results.Models.Select((name, m) => DoseResponse.Of(results, m))], reliability,
            [
                .. small.Length > 0 ? [$"fewer than {Cbod.FewestItems} items of {string.Join(", ", small.Select(d => d.Model))}: no verdict"] : Array.Empty<string>(),
                .. reliability.Missing > 0 ? [$"{reliability.Missing} answers are missing; items are compared where both are there"] : Array.Empty<string>(),
            ]);
    }
}
