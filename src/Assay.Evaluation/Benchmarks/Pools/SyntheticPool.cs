using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>Pools with a known truth, to check aggregators with.</summary>
/// <param name="Pool">The results.</param>
/// <param name="Skills">The true skill of each model, larger is better.</param>
public sealed record SyntheticPool(SamplePool Pool, ImmutableArray<double> Skills)
{
    private const double BinaryShare = 0.5;

    /// <summary>
    /// Scores N(μ_i, σ_i²) with μ_i ~ U(0, 1) and σ_i ~ U(0, spread); half of the samples are made 0/1 at a threshold between their least and greatest score.
    /// </summary>
    /// <param name="models">The number of models.</param>
    /// <param name="samples">The number of samples.</param>
    /// <param name="spread">The largest deviation; the paper uses 0.1 and 0.25.</param>
    /// <param name="seed">The seed.</param>
    public static SyntheticPool Gaussian(int models = 100, int samples = 1000, double spread = 0.25, long seed = 0)
    {
        Check(models, samples, spread);
        var random = SeededRandom.At(seed, 10);
        var skills = Draw(models, random);
        var deviations = Enumerable.Range(0, models).Select(_ => spread * random.NextDouble()).ToArray();
        return Dense(skills, samples, random, m => skills[m] + deviations[m] * random.NextGaussian());
    }

    /// <summary>
    /// Gumbel scores at location d·i with scale 1: the order of two models on a sample follows Luce's model with θ_i = d·i exactly; half of
    /// the samples are made 0/1.
    /// </summary>
    /// <param name="models">The number of models.</param>
    /// <param name="samples">The number of samples.</param>
    /// <param name="distance">d.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="isBinarised">Whether half of the samples are made 0/1.</param>
    public static SyntheticPool Gumbel(int models = 100, int samples = 1000, double distance = 0.1, long seed = 0, bool isBinarised = true)
    {
        Check(models, samples, distance);
        var random = SeededRandom.At(seed, 11);
        var skills = Enumerable.Range(0, models).Select(i => distance * i).ToArray();
        return Dense(skills, samples, random, m => skills[m] - Math.Log(-Math.Log(1 - random.NextDouble())), isBinarised);
    }

    /// <summary>
    /// A heterogeneous world, ours: skills U(0, 1); six datasets with scales 1, 10, 100, 0.1, 5, 50 and hardness h = 0, 0, 0, 0.6, 0.8, 1;
    /// latent score μ − h + N(0, 0.25²), on even samples made 0/1 at a threshold between the least and greatest, on odd ones reported as
    /// scale·(latent + 2). Each model was measured on each dataset with probability ½ and there on a fifth of the samples; the weakest third
    /// never on the two hardest datasets, so that what is missing is not missing at random.
    /// </summary>
    /// <param name="models">The number of models.</param>
    /// <param name="samplesPerDataset">The number of samples of each dataset.</param>
    /// <param name="seed">The seed.</param>
    public static SyntheticPool Heterogeneous(int models = 60, int samplesPerDataset = 300, long seed = 0)
    {
        Check(models, samplesPerDataset, 1);
        double[] scales = [1, 10, 100, 0.1, 5, 50], hardness = [0, 0, 0, 0.6, 0.8, 1];
        var random = SeededRandom.At(seed, 12);
        var skills = Draw(models, random);
        var weak = Enumerable.Range(0, models).OrderBy(m => skills[m]).Take(models / 3).ToHashSet();
        var (model, sample, score, dataset) = (new List<int>(), new List<int>(), new List<double>(), new List<string>());
        var latent = new double[models];
        for (var d = 0; d < scales.Length; d++)
        {
            var measured = Enumerable.Range(0, models).Where(m => random.NextDouble() < 0.5 && !(d >= 4 && weak.Contains(m))).ToArray();
            for (var s = 0; s < samplesPerDataset; s++)
            {
                for (var m = 0; m < models; m++)
                    latent[m] = skills[m] - hardness[d] + 0.25 * random.NextGaussian();
                var threshold = random.NextDouble(latent.Min(), latent.Max());
                foreach (var m in measured)
                {
                    if (random.NextDouble() >= 0.2)
                        continue;
                    model.Add(m);
                    sample.Add(dataset.Count);
                    score.Add(s % 2 == 0 ? latent[m] > threshold ? 1 : 0 : scales[d] * (latent[m] + 2));
                }
                dataset.Add($"set {d + 1}");
            }
        }
        return new SyntheticPool(Build(models, dataset.Count, model, sample, score, ("dataset", [.. dataset])), [.. skills]);
    }

    /// <summary>
    /// Two independent skills, each asked for by half of the samples, whose text names it: a query for one must give its ranking.
    /// </summary>
    /// <param name="models">The number of models.</param>
    /// <param name="samples">The number of samples.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The pool with the first skill as the truth, and the second skill.</returns>
    public static (SyntheticPool First, ImmutableArray<double> Second) TwoSkills(int models = 40, int samples = 600, long seed = 0)
    {
        Check(models, samples, 1);
        var random = SeededRandom.At(seed, 13);
        double[][] skills = [Draw(models, random), Draw(models, random)];
        string[][] words = [["integral", "equation", "algebra", "proof"], ["poem", "rhyme", "verse", "metaphor"]];
        var (model, sample, score, texts) = (new List<int>(), new List<int>(), new List<double>(), new List<string>());
        for (var s = 0; s < samples; s++)
        {
            var kind = random.Next(2);
            texts.Add($"Question {s} about {words[kind][random.Next(4)]} and {words[kind][random.Next(4)]}");
            for (var m = 0; m < models; m++)
            {
                model.Add(m);
                sample.Add(s);
                score.Add(random.NextDouble() < 0.1 + 0.8 * skills[kind][m] ? 1 : 0);
            }
        }
        return (new SyntheticPool(Build(models, samples, model, sample, score, ("text", [.. texts])), [.. skills[0]]), [.. skills[1]]);
    }

    private static SyntheticPool Dense(double[] skills, int samples, SeededRandom random, Func<int, double> draw, bool isBinarised = true)
    {
        var n = skills.Length;
        var (model, sample, score) = (new List<int>(), new List<int>(), new List<double>());
        var row = new double[n];
        for (var s = 0; s < samples; s++)
        {
            for (var m = 0; m < n; m++)
                row[m] = draw(m);
            if (random.NextDouble() < BinaryShare && isBinarised)
            {
                var threshold = random.NextDouble(row.Min(), row.Max());
                for (var m = 0; m < n; m++)
                    row[m] = row[m] > threshold ? 1 : 0;
            }
            for (var m = 0; m < n; m++)
            {
                model.Add(m);
                sample.Add(s);
                score.Add(row[m]);
            }
        }
        return new SyntheticPool(Build(n, samples, model, sample, score), [.. skills]);
    }

    private static SamplePool Build(int models, int samples, List<int> model, List<int> sample, List<double> score, params (string Field, ImmutableArray<string> Values)[] metadata)
    {
        var pool = SamplePool.Of(
            [.. Enumerable.Range(0, models).Select(m => $"model {m + 1}")], samples, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(model),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sample), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(score));
        return pool.WithMetadata(metadata);
    }

    private static double[] Draw(int count, SeededRandom random) => [.. Enumerable.Range(0, count).Select(_ => random.NextDouble())];

    private static void Check(int models, int samples, double spread)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(models, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(spread);
    }
}
