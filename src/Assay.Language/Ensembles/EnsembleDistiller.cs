using System.Collections.Immutable;
using Assay.Statistics;

namespace Assay.Language;

/// <summary>
/// Sequence-level distillation (Kim et al. 2025): the teacher writes text, a fresh student reads it mixed with the real corpus. With a
/// single model of the student's own size as the teacher it is self-distillation.
/// </summary>
public static class EnsembleDistiller
{
    /// <summary>Trains a student on real and synthetic text.</summary>
    /// <param name="teacher">Writes the synthetic text.</param>
    /// <param name="student">The fresh student, trained in place.</param>
    /// <param name="corpus">The real text.</param>
    /// <param name="endOfText">The token with which every text begins.</param>
    /// <param name="options">How to train; <see cref="PretrainingOptions.Epochs"/> counts passes over real and synthetic text together.</param>
    /// <param name="syntheticShare">Synthetic tokens over real ones: 1 is as many of each, 0 is ordinary training.</param>
    /// <param name="progress">Hears what is being done.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ArgumentException">Teacher and student have different vocabularies.</exception>
    public static PretrainingResult Distill(
        LanguageEnsemble teacher, Decoder student, PackedCorpus corpus, int endOfText, PretrainingOptions options, double syntheticShare = 1, IProgress<ProgressUpdate>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(options);
        if (!(syntheticShare >= 0) || !double.IsFinite(syntheticShare))
            throw new ArgumentOutOfRangeException(nameof(syntheticShare), syntheticShare, "0 or more was expected");
        if (teacher.Members[0].Config.Vocabulary != student.Config.Vocabulary)
            throw new ArgumentException($"the teacher has {teacher.Members[0].Config.Vocabulary} tokens, the student {student.Config.Vocabulary}", nameof(student));
        var sequences = (int)Math.Round(syntheticShare * corpus.TrainTokens / corpus.Length);
        if (sequences == 0)
            return new Pretrainer(options).Run(student, corpus, cancellation);
        progress?.Report(new ProgressUpdate($"the teacher writes {sequences * corpus.Length:n0} tokens"));
        var written = teacher.Sample(sequences, Math.Min(corpus.Length, teacher.Context), endOfText, options.Seed, cancellation);
        progress?.Report(new ProgressUpdate("training the student"));
        var mixed = PackedCorpus.FromTokens(corpus.Length, [.. corpus.Train, ("synthetic", written)], corpus.Held);
        return new Pretrainer(options).Run(student, mixed, cancellation);
    }
}

/// <summary>How much more data another recipe would need.</summary>
public static class DataEfficiency
{
    /// <summary>
    /// D′/D with L_ref(D′) = a/D′^b + c = ℓ: the reference recipe needs D′/D times the data to reach the loss that a better recipe reached on D.
    /// </summary>
    /// <param name="a">a of the reference law, above 0.</param>
    /// <param name="b">b, above 0.</param>
    /// <param name="c">c, the loss that no amount of data goes below.</param>
    /// <param name="loss">ℓ.</param>
    /// <param name="data">D, above 0, in the law's unit.</param>
    /// <returns>The factor; infinite where ℓ is at or below c.</returns>
    public static double Factor(double a, double b, double c, double loss, double data)
    {
        if (!(a > 0) || !(b > 0))
            throw new ArgumentOutOfRangeException(nameof(a), $"a = {a}, b = {b}; positive numbers were expected");
        if (!(data > 0))
            throw new ArgumentOutOfRangeException(nameof(data), data, "a positive number was expected");
        return loss <= c ? double.PositiveInfinity : Math.Pow(a / (loss - c), 1 / b) / data;
    }
}

/// <summary>One point of a tuning grid and its loss.</summary>
/// <param name="LearningRate">The highest learning rate.</param>
/// <param name="Epochs">Passes over the data.</param>
/// <param name="WeightDecay">λ.</param>
/// <param name="Loss">The validation loss.</param>
public readonly record struct RecipePoint(double LearningRate, int Epochs, double WeightDecay, double Loss);

/// <summary>
/// The regularised recipe of data-constrained pretraining: learning rate, epochs and weight decay tuned together by coordinate descent on a
/// grid until no neighbour is better. The best decay is many times the usual 0.1 and grows with parameters over tokens.
/// </summary>
/// <param name="learningRates">The rates, rising.</param>
/// <param name="epochs">The passes, rising.</param>
/// <param name="weightDecays">The decays, rising.</param>
[Method("regularised-epoching", Paper = 6, Kind = MethodKind.Trainer)]
public sealed class RegularisedRecipe(ImmutableArray<double> learningRates, ImmutableArray<int> epochs, ImmutableArray<double> weightDecays)
{
    private readonly ImmutableArray<double> rates = Rising(learningRates, nameof(learningRates)), decays = Rising(weightDecays, nameof(weightDecays));
    private readonly ImmutableArray<int> passes = [.. Rising([.. epochs.Select(e => (double)e)], nameof(epochs)).Select(e => (int)e)];

    /// <summary>Finds a point that no neighbour on the grid beats. Every point is trained once at most.</summary>
    /// <param name="train">Trains a point and gives its validation loss; NaN where it diverged.</param>
    /// <param name="start">Where to begin: places on the three grids; null for the middle.</param>
    /// <returns>The best point, and all that were trained, in their order.</returns>
    public (RecipePoint Best, ImmutableArray<RecipePoint> Trained) Tune(Func<double, int, double, double> train, (int Rate, int Epochs, int Decay)? start = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        var trained = new Dictionary<(int, int, int), RecipePoint>();
        var order = ImmutableArray.CreateBuilder<RecipePoint>();
        RecipePoint At((int R, int E, int D) p)
        {
            if (trained.TryGetValue(p, out var known))
                return known;
            var loss = train(rates[p.R], passes[p.E], decays[p.D]);
            var point = new RecipePoint(rates[p.R], passes[p.E], decays[p.D], double.IsNaN(loss) ? double.PositiveInfinity : loss);
            order.Add(point);
            return trained[p] = point;
        }
        var place = start ?? (rates.Length / 2, passes.Length / 2, decays.Length / 2);
        var best = At(place);
        for (var improved = true; improved;)
        {
            improved = false;
            foreach (var (dr, de, dd) in ((int, int, int)[])[(0, 0, 1), (0, 0, -1), (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0)])
            {
                // As far in one direction as it helps.
                while (true)
                {
                    var next = (place.Item1 + dr, place.Item2 + de, place.Item3 + dd);
                    if (next.Item1 < 0 || next.Item1 >= rates.Length || next.Item2 < 0 || next.Item2 >= passes.Length || next.Item3 < 0 || next.Item3 >= decays.Length)
                        break;
                    var candidate = At(next);
                    if (!(candidate.Loss < best.Loss))
                        break;
                    (place, best, improved) = (next, candidate, true);
                }
            }
        }
        return (best, order.ToImmutable());
    }

    private static ImmutableArray<double> Rising(ImmutableArray<double> values, string name)
    {
        if (values.IsDefaultOrEmpty || values.Any(v => !(v >= 0)))
            throw new ArgumentException("a grid of numbers of 0 or more was expected", name);
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] <= values[i - 1])
                throw new ArgumentException("rising numbers were expected", name);
        }
        return values;
    }
}
