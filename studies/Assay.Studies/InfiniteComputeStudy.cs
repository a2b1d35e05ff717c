using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Language;
using Assay.Statistics;
using Assay.Training;

namespace Assay.Studies;

/// <summary>
/// A fixed small piece of API prose and more compute than it needs: the standard recipe over many epochs, the regularised one over three
/// sizes, ensembles, and a student of the ensemble.
/// </summary>
public sealed class InfiniteComputeStudy : Study
{
    private const int Vocabulary = 512, Length = 64, Batch = 16;
    private const double UsualDecay = 0.1;

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "infinite-compute", 6, "Pre-training under infinite compute (2025)",
        "Twelve thousand tokens of API prose and more compute than they need: epochs, weight decay, size, ensembles and distillation.");

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("overfits", "The usual recipe overfits with epochs.", "repeating data eventually raises the loss", "validation loss at decay 0.1: most epochs minus the best number", "nats", ClaimDirection.AtLeast, 0.01),
        new("decay", "The best weight decay is many times the usual.", "up to 30 times 0.1", "best decay over 0.1, middle size", "times", ClaimDirection.AtLeast, 3),
        new("regularised", "The tuned recipe beats the usual one.", "3.75 to 3.43 in the limit", "validation loss: best at decay 0.1 minus tuned, middle size", "nats", ClaimDirection.AtLeast, 0),
        new("monotone", "With the tuned recipe larger models are better.", "L(N) falls as a power law", "validation loss: smallest minus largest size", "nats", ClaimDirection.AtLeast, 0),
        new("ensemble", "Ensembles reach below any single model.", "asymptote 3.34 against 3.43", "best tuned single model minus the ensemble's asymptote in K", "nats", ClaimDirection.AtLeast, 0),
        new("many-small", "Several small models beat a large one of as many parameters.", "for large N over D", "one of the largest size minus four of the middle size", "nats", ClaimDirection.AtLeast, 0),
        new("student", "A student keeps most of the ensemble's gain.", "83 % with one eighth of the size", "loss of the tuned single model minus the student's, less half of the ensemble's gain", "nats", ClaimDirection.AtLeast, 0),
        new("control-jensen", "An ensemble is never worse than its mean member.", "control", "mean member minus the ensemble of all", "nats", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var quick = context.Scale == StudyScale.Quick;
        for (var i = 0; i < context.Seeds.Count; i++)
            new World(context, context.Seeds[i], quick, (double)i / context.Seeds.Count, 1.0 / context.Seeds.Count).Run();
    }

    private sealed class World(StudyContext context, int seed, bool quick, double from, double share)
    {
        private readonly int[] widths = quick ? [32, 64] : [32, 64, 128];
        private readonly int[] epochs = quick ? [8, 32] : [8, 16, 32, 64];
        private PackedCorpus corpus = null!;
        private BpeTokenizer tokenizer = null!;
        private int trained;

        public void Run()
        {
            var prose = TextCorpus.Load("dotnet-docs");
            var rows = new List<int>();
            var characters = quick ? 40_000 : 100_000;
            foreach (var row in SeededRandom.At(seed, 61).Permutation(prose.Count).TakeWhile(_ => characters > 0))
            {
                rows.Add(row);
                characters -= prose.Documents[row].Length;
            }
            var texts = prose.Select([.. rows]);
            tokenizer = BpeTraining.Train(texts.Documents.Where(d => !PackedCorpus.IsHeldOut(d, 0.4, seed)), Vocabulary);
            // Held-out text costs nothing here, and a steady validation loss is what all comparisons rest on.
            var packed = PackedCorpus.Pack(texts, tokenizer, Length, validation: 0.4, seed: seed);
            corpus = PackedCorpus.FromTokens(Length, [("prose", packed.Train[0].Tokens[..Math.Min(packed.Train[0].Tokens.Length, quick ? 5_000 : 12_000)])], [("prose", [.. packed.Held.SelectMany(h => h.Tokens)], packed.Held.Sum(h => h.Bytes))]);
            var middle = quick ? 32 : 64;
            double[] usual = [.. epochs.Select(e => Loss(middle, 3e-3, e, UsualDecay, member: 0))];
            context.Measure("overfits", seed, usual[^1] - usual.Min());
            var best = widths.ToDictionary(w => w, w => new RegularisedRecipe([3e-3], [.. epochs], quick ? [.1, 1, 3.2] : [.1, .4, 1.6, 3.2, 6.4])
                .Tune((rate, passes, decay) => Loss(w, rate, passes, decay, member: 0)).Best);
            context.Measure("decay", seed, best[middle].WeightDecay / UsualDecay);
            context.Measure("regularised", seed, usual.Min() - best[middle].Loss);
            context.Measure("monotone", seed, best[widths[0]].Loss - best[widths[^1]].Loss);
            foreach (var (width, point) in best)
            {
                context.Observe($"width {width}, tuned: validation loss, nats", point.Loss);
                context.Observe($"width {width}, tuned: weight decay", point.WeightDecay);
                context.Observe($"width {width}, tuned: epochs", point.Epochs);
            }
            context.Observe("usual recipe, middle size: best validation loss, nats", usual.Min());
            Ensembles(best, middle);
        }

        private void Ensembles(Dictionary<int, RecipePoint> best, int middle)
        {
            // Members for an ensemble: twice the epochs and half the decay of the best single model.
            var single = best[middle];
            var count = quick ? 3 : 4;
            using var ensemble = new LanguageEnsemble(Enumerable.Range(1, count).Select(k => Train(middle, single.LearningRate, 2 * single.Epochs, single.WeightDecay / 2, k).Model));
            var bySize = ensemble.LossBySize(corpus);
            var law = PowerLaw.FitTo([.. bySize.Select(b => (double)b.Members)], [.. bySize.Select(b => b.Loss)]);
            foreach (var (members, loss) in bySize)
                context.Observe($"ensemble of {members}: validation loss, nats", loss);
            context.Observe("ensemble's asymptote: validation loss, nats", law.E);
            context.Measure("ensemble", seed, best.Values.Min(p => p.Loss) - law.E);
            context.Measure("control-jensen", seed, bySize[0].Loss - bySize[^1].Loss);
            var all = bySize[^1].Loss;
            if (!quick)
                context.Measure("many-small", seed, best[128].Loss - all);
            context.Progress($"seed {seed}: distillation", from + share * 0.9);
            var options = Options(single.LearningRate, single.Epochs, single.WeightDecay, seed);
            using var student = Fresh(middle, 50);
            var distilled = EnsembleDistiller.Distill(ensemble, student, corpus, tokenizer.EndOfText!.Value, options, 1, cancellation: context.Cancellation).Final!.Loss;
            context.Measure("student", seed, single.Loss - distilled - 0.5 * (single.Loss - all));
            context.Observe("student of the ensemble: validation loss, nats", distilled);
            using var teacher = new LanguageEnsemble([Train(middle, single.LearningRate, single.Epochs, single.WeightDecay, 60).Model]);
            using var self = Fresh(middle, 51);
            context.Observe("self-distilled: validation loss, nats", EnsembleDistiller.Distill(teacher, self, corpus, tokenizer.EndOfText!.Value, options, 1, cancellation: context.Cancellation).Final!.Loss);
        }

        private double Loss(int width, double rate, int passes, double decay, int member)
        {
            var (model, loss) = Train(width, rate, passes, decay, member);
            model.Dispose();
            return loss;
        }

        private (Decoder Model, double Loss) Train(int width, double rate, int passes, double decay, int member)
        {
            context.Progress($"seed {seed}: width {width}, {passes} epochs, decay {decay}", from + share * 0.9 * Math.Min(1, trained++ / (quick ? 16.0 : 36.0)));
            var model = Fresh(width, member);
            return (model, new Pretrainer(Options(rate, passes, decay, 1000 * member + seed)).Run(model, corpus, context.Cancellation).Final!.Loss);
        }

        private Decoder Fresh(int width, int member) => new(DecoderConfig.Small(width, 2, tokenizer.Vocabulary, Length), SeededRandom.At(seed, 63, member));

        private static PretrainingOptions Options(double rate, int passes, double decay, long seed) => new()
        {
            BatchSize = Batch, LearningRate = rate, WeightDecay = decay, Epochs = passes, Seed = seed, Precision = Precision.Bf16, Evaluations = 1, EvaluationTokens = 0,
            Schedule = new CosineSchedule(warmup: 0.04),
        };
    }
}
