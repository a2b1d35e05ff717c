using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Whether the leaderboard of a benchmark survives another wording.</summary>
internal static class WordingLeaderboard
{
    public static LeaderboardStability Of(WordingResults results, ImmutableArray<ReliabilityResult> models, int resamples, long seed)
    {
        double[] original = [.. models.Select(m => m.Original)], mean = [.. models.Select(m => m.Paraphrased)];
        var tau = RankCorrelation.KendallTau(original, mean);
        var noise = Noise(results, original, resamples, seed);
        var swaps = ImmutableArray.CreateBuilder<(string, string)>();
        var significant = 0;
        for (var a = 0; a < models.Length; a++)
        {
            for (var b = 0; b < models.Length; b++)
            {
                if (!(original[a] > original[b] && mean[a] < mean[b]))
                    continue;
                swaps.Add((models[a].Model, models[b].Model));
                significant += IsSignificant(results, a, b) ? 1 : 0;
            }
        }
        var top = models.Length < 10 ? Math.Max(1, models.Length / 2) : 5;
        return new LeaderboardStability(
            tau, RankCorrelation.Spearman(original, mean), [.. Enumerable.Range(0, results.ParaphraseCount).Select(j => TauOfWording(models, original, j))], RankCorrelation.TopOverlap(original, mean, top),
            noise, tau >= noise, swaps.ToImmutable(), significant, Dependability(models));
    }

    private static double TauOfWording(ImmutableArray<ReliabilityResult> models, double[] original, int wording)
    {
        var known = Enumerable.Range(0, models.Length).Where(m => !double.IsNaN(models[m].ByWording[wording])).ToArray();
        return known.Length < 2 ? double.NaN : RankCorrelation.KendallTau([.. known.Select(m => original[m])], [.. known.Select(m => models[m].ByWording[wording])]);
    }

    // The order on the same items and wording, had other items been drawn.
    private static double Noise(WordingResults results, double[] original, int resamples, long seed)
    {
        var taus = Bootstrap.Of(results.Items.Length, rows =>
        {
            var scores = new double[results.Models.Length];
            for (var m = 0; m < scores.Length; m++)
            {
                var (right, count) = (0, 0);
                foreach (var row in rows)
                {
                    if (results.Answers[m][row][0] is not { } answer)
                        continue;
                    right += answer.Correct ? 1 : 0;
                    count++;
                }
                scores[m] = count == 0 ? 0 : (double)right / count;
            }
            return RankCorrelation.KendallTau(original, scores);
        }, resamples, seed);
        var known = taus.Where(double.IsFinite).Order().ToArray();
        return known.Length == 0 ? double.NaN : known[(int)(0.05 * known.Length)];
    }

    private static bool IsSignificant(WordingResults results, int a, int b)
    {
        var shared = Enumerable.Range(0, results.Items.Length).Where(i => results.Answers[a][i][0] is not null && results.Answers[b][i][0] is not null).ToArray();
        if (shared.Length == 0 || !McNemarTest.Of([.. shared.Select(i => results.Answers[a][i][0]!.Value.Correct)], [.. shared.Select(i => results.Answers[b][i][0]!.Value.Correct)]).IsSignificant())
            return false;
        double[] after = [.. Enumerable.Range(0, results.Items.Length).Select(i => Mean(results.Answers[b][i]) - Mean(results.Answers[a][i])).Where(double.IsFinite)];
        var d = Moments.Of(after);
        return d.Count > 1 && d.Mean > 0 && (d.StandardDeviation == 0 || Tails.StudentUpper(d.Mean / d.StandardError, d.Count - 1) < 0.025);
    }

    private static double Mean(WordedAnswer?[] answers) => answers.Skip(1).Where(a => a is not null).Select(a => a!.Value.Correct ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();

    // Two-way analysis of variance of the models × wordings accuracies, one value a cell.
    private static double Dependability(ImmutableArray<ReliabilityResult> models)
    {
        double[][] table = [.. models.Select(m => (double[])[m.Original, .. m.ByWording]).Where(r => r.All(double.IsFinite))];
        if (table.Length < 2)
            return double.NaN;
        var (n, k) = (table.Length, table[0].Length);
        double[] rows = [.. table.Select(r => r.Average())], columns = [.. Enumerable.Range(0, k).Select(j => table.Average(r => r[j]))];
        var grand = rows.Average();
        var ofModels = k * rows.Sum(r => (r - grand) * (r - grand)) / (n - 1);
        var ofWordings = n * columns.Sum(c => (c - grand) * (c - grand)) / (k - 1);
        var rest = Enumerable.Range(0, n).Sum(i => Enumerable.Range(0, k).Sum(j => Math.Pow(table[i][j] - rows[i] - columns[j] + grand, 2))) / ((n - 1) * (k - 1));
        var (model, wording) = (Math.Max(0, (ofModels - rest) / k), Math.Max(0, (ofWordings - rest) / n));
        return model + wording + rest == 0 ? double.NaN : model / (model + wording + rest);
    }
}
