using System.Collections.Immutable;
using Assay.Data;
using Assay.Evaluation;
using Assay.Lab;
using Assay.Statistics;

namespace Assay.Studies;

/// <summary>
/// The Distributional Correctness Score of answering policies with known beliefs, against closed forms; and of a digit classifier with a
/// class for "I do not know", whose abstention is tuned by the score.
/// </summary>
public sealed class DistributionalCorrectnessStudy : Study
{
    private const int Samples = 20;
    private static readonly DistributionalCorrectness Score = new();

    /// <inheritdoc/>
    public override StudyInfo Info { get; } = new(
        "distributional-correctness", 92, "Measuring Language Model Hallucinations Through Distributional Correctness (2025)",
        "Scores guessing, honest, over-confident and hedging policies whose expectation is known, sampled answers against exact ones, and a classifier of noised digits that may abstain.", 5);

    /// <inheritdoc/>
    public override ImmutableArray<Claim> Claims { get; } =
    [
        new("closed-form", "The scores of known policies are those that the formula predicts.", "definition", "largest |score − expectation|/standard error of five policies", "s.e.", ClaimDirection.AtMost, 3),
        new("honest", "Abstaining where the belief is low beats over-confidence at equal knowledge.", "theorems on incentives", "DCS of the honest policy minus that of the over-confident one", "", ClaimDirection.AtLeast, 0),
        new("hedging", "Hedging towards abstention beats hedging towards wrong answers.", "ordering of behaviours", "DCS of the hedger to abstention minus that of the hedger to wrong options", "", ClaimDirection.AtLeast, 0),
        new("separates", "It separates models of the same accuracy.", "examples: equal accuracy, different hedging", "the lesser of DCS of a model that hedges its errors and −DCS of one that is sure of them, both 40 % accurate", "", ClaimDirection.AtLeast, 0),
        new("jackknife", "Twenty samples give a biased score; the jackknife removes the bias.", "ours", "|bias| of the plain score minus |bias| with the jackknife", "", ClaimDirection.AtLeast, 0),
        new("easy", "On easy items a small model's score is positive …", "6 of 12 benchmarks positive for some model", "DCS of the digit classifier at noise .2", "", ClaimDirection.AtLeast, 0),
        new("hard", "… on hard ones it is negative.", "half of the benchmarks negative for all six models", "DCS of the digit classifier at noise 1.5", "", ClaimDirection.AtMost, 0),
        new("tuning", "Abstention tuned by the score avoids more wrong answers than it loses right ones.", "argument only", "wrong answers avoided minus right answers lost on test images, with the abstention's bias tuned on others", "points", ClaimDirection.AtLeast, 0),
    ];

    /// <inheritdoc/>
    public override void Run(StudyContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var isQuick = context.Scale == StudyScale.Quick;
        for (var i = 0; i < context.Seeds.Count; i++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            context.Progress($"seed {context.Seeds[i]}", (double)i / context.Seeds.Count);
            Policies(context, context.Seeds[i], isQuick ? 4000 : 40000);
            Sampled(context, context.Seeds[i], isQuick ? 2000 : 20000);
            Digits(context, context.Seeds[i], isQuick);
        }
    }

    // The best of four options is right with probability b, b ~ Beta(2, 2); the rest is spread over the others.
    private static void Policies(StudyContext context, int seed, int items)
    {
        var policies = new (string Name, Func<double, (double Best, double Other, double Idk)> Mass)[]
        {
            ("guesser", _ => (1, 0, 0)),
            ("honest", b => b < 0.5 ? (0, 0, 1) : (1, 0, 0)),
            ("over-confident", b => Sharpened(b)),
            ("hedger to wrong", b => (b, (1 - b) / 3, 0)),
            ("hedger to abstention", b => (b, 0, 1 - b)),
        };
        var (worst, means) = (0.0, new Dictionary<string, double>());
        foreach (var (name, policy) in policies)
        {
            var random = SeededRandom.At(seed, 1); // the same items for every policy
            var values = new double[items];
            for (var i = 0; i < items; i++)
            {
                // The middle of three uniform numbers is Beta(2, 2).
                double[] u = [random.NextDouble(), random.NextDouble(), random.NextDouble()];
                Array.Sort(u);
                values[i] = Value(policy(u[1]), random.NextDouble() < u[1]);
            }
            var moments = Moments.Of(values);
            means[name] = moments.Mean;
            var expected = Expectation(policy);
            worst = Math.Max(worst, Math.Abs(moments.Mean - expected) / moments.StandardError);
            context.Observe($"{name}: DCS", moments.Mean);
            context.Observe($"{name}: DCS expected", expected);
        }
        context.Measure("closed-form", seed, worst);
        context.Measure("honest", seed, means["honest"] - means["over-confident"]);
        context.Measure("hedging", seed, means["hedger to abstention"] - means["hedger to wrong"]);
        var equal = SeededRandom.At(seed, 2);
        double hedges = 0, sure = 0;
        for (var i = 0; i < items; i++)
        {
            var knows = equal.NextDouble() < 0.4;
            sure += Score.Of(knows ? new AnswerMass(1, 0, 0) : new AnswerMass(0, 1, 0)) / items;
            hedges += Score.Of(knows ? new AnswerMass(0.9, 0.05, 0.05) : new AnswerMass(0.25, 0.4, 0.35)) / items; // its likeliest option is wrong too
        }
        context.Measure("separates", seed, Math.Min(hedges, -sure));
    }

    private static (double, double, double) Sharpened(double b)
    {
        // Softmax temperature .3: p^(1/.3), normalised.
        var (best, other) = (Math.Pow(b, 1 / 0.3), Math.Pow((1 - b) / 3, 1 / 0.3));
        return (best / (best + 3 * other), other / (best + 3 * other), 0);
    }

    private static double Value((double Best, double Other, double Idk) mass, bool bestIsRight) =>
        Score.Of(bestIsRight ? new AnswerMass(mass.Best, 3 * mass.Other, mass.Idk) : new AnswerMass(mass.Other, mass.Best + 2 * mass.Other, mass.Idk));

    // ∫ 6b(1 − b) [b·DCS(right) + (1 − b)·DCS(wrong)] db by the midpoint rule.
    private static double Expectation(Func<double, (double, double, double)> policy)
    {
        const int Steps = 20000;
        var sum = 0.0;
        for (var i = 0; i < Steps; i++)
        {
            var b = (i + 0.5) / Steps;
            sum += 6 * b * (1 - b) * (b * Value(policy(b), true) + (1 - b) * Value(policy(b), false)) / Steps;
        }
        return sum;
    }

    private static void Sampled(StudyContext context, int seed, int items)
    {
        var random = SeededRandom.At(seed, 3);
        double plain = 0, corrected = 0;
        for (var i = 0; i < items; i++)
        {
            double[] cuts = [random.NextDouble(), random.NextDouble()];
            Array.Sort(cuts);
            int c = 0, w = 0;
            for (var s = 0; s < Samples; s++)
            {
                var u = random.NextDouble();
                c += u < cuts[0] ? 1 : 0;
                w += u >= cuts[0] && u < cuts[1] ? 1 : 0;
            }
            var truth = Score.Of(new AnswerMass(cuts[0], cuts[1] - cuts[0], 1 - cuts[1]));
            // Right and wrong are exchangeable here, so that the bias of the mean would vanish: it is taken towards the truth's sign.
            plain += Math.Sign(truth) * (Score.OfCounts(c, w, Samples - c - w) - truth) / items;
            corrected += Math.Sign(truth) * (Score.OfCounts(c, w, Samples - c - w, jackknife: true) - truth) / items;
        }
        context.Measure("jackknife", seed, Math.Abs(plain) - Math.Abs(corrected));
        context.Observe("20 samples: bias of the plain score", plain);
        context.Observe("20 samples: bias with the jackknife", corrected);
    }

    // Ten digits and a reject class that was trained on pure noise; images at several levels of noise.
    private static void Digits(StudyContext context, int seed, bool isQuick)
    {
        var data = DatasetCatalog.Load("digits");
        var order = SeededRandom.At(seed, 4).Permutation(data.Count);
        var third = data.Count / 3;
        var random = SeededRandom.At(seed, 5);
        var (train, trainLabels) = Noised(data, order[..third], [0.1, 0.3, 0.6], random, reject: true);
        var model = new LogisticRegression(iterations: isQuick ? 100 : 300).Fit(train, trainLabels, 11);
        AnswerMass[] Answers(int[] rows, double[] noise, double bias)
        {
            var (images, labels) = Noised(data, rows, noise, SeededRandom.At(seed, 6, rows[0]), reject: false);
            var scores = model.Scores(images);
            return [.. labels.Select((label, i) =>
            {
                double[] logits = [.. scores.Row(i).ToArray().Select((z, c) => z + (c == 10 ? bias : 0))];
                return AnswerMass.Of(DistributionalCorrectness.Probabilities(logits), [label], 10);
            })];
        }
        var (tuning, test) = (order[third..(2 * third)], order[(2 * third)..]);
        context.Measure("easy", seed, Answers(test, [0.2], 0).Average(Score.Of));
        context.Measure("hard", seed, Answers(test, [1.5], 0).Average(Score.Of));
        double[] mixed = [0.1, 0.3, 0.6, 1];
        var best = Enumerable.Range(0, 25).Select(i => -2 + 0.5 * i).MaxBy(bias => Answers(tuning, mixed, bias).Average(Score.Of));
        var (before, after) = (Answers(test, mixed, 0), Answers(test, mixed, best));
        context.Measure("tuning", seed, 100 * (before.Average(m => m.Wrong) - after.Average(m => m.Wrong) - (before.Average(m => m.Correct) - after.Average(m => m.Correct))));
        context.Observe("digits: tuned bias of abstaining", best);
        context.Observe("digits: DCS before tuning", before.Average(Score.Of));
        context.Observe("digits: DCS after tuning", after.Average(Score.Of));
        context.Observe("digits: wrong answers before tuning %", 100 * before.Average(m => m.Wrong));
        context.Observe("digits: wrong answers after tuning %", 100 * after.Average(m => m.Wrong));
        context.Observe("digits: right answers before tuning %", 100 * before.Average(m => m.Correct));
        context.Observe("digits: right answers after tuning %", 100 * after.Average(m => m.Correct));
    }

    private static (FloatMatrix Images, int[] Labels) Noised(Dataset data, int[] rows, double[] noise, SeededRandom random, bool reject)
    {
        var features = data.RequireFeatures();
        var (width, values, labels) = (features.Columns, new List<float>(), new List<int>());
        foreach (var row in rows)
        {
            foreach (var level in noise)
            {
                foreach (var x in features.Row(row))
                    values.Add((float)(x + level * random.NextGaussian()));
                labels.Add(data.RequireLabels()[row]);
            }
            if (!reject)
                continue;
            for (var j = 0; j < width; j++)
                values.Add((float)(0.3 + 1.2 * random.NextGaussian()));
            labels.Add(10);
        }
        return (new FloatMatrix([.. values], labels.Count, width), [.. labels]);
    }
}
