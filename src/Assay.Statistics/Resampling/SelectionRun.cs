using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>An algorithm to select among, with its settings.</summary>
/// <param name="Name">The name.</param>
/// <param name="Settings">The settings, the simplest first; one where nothing is tuned.</param>
public sealed record Candidate(string Name, ImmutableArray<Contestant> Settings);

/// <summary>What carrying out a <see cref="SelectionPlan"/> found for one candidate.</summary>
/// <param name="Name">The candidate.</param>
/// <param name="Accuracy">Its accuracy and interval; see <paramref name="Basis"/>.</param>
/// <param name="Basis">What the accuracy and the interval are of.</param>
/// <param name="Setting">The setting chosen on the data, or null where there was nothing to choose or each fold chose its own.</param>
public sealed record CandidateResult(string Name, Estimate Accuracy, string Basis, string? Setting);

/// <summary>A test of two candidates.</summary>
/// <param name="First">The one.</param>
/// <param name="Second">The other.</param>
/// <param name="Difference">Mean accuracy of the first minus that of the second.</param>
/// <param name="Test">The test.</param>
/// <param name="AdjustedPValue">Its p-value corrected for the number of pairs.</param>
public sealed record PairResult(string First, string Second, double Difference, TestResult Test, double AdjustedPValue);

/// <summary>Carries out a plan of the <see cref="Advisor"/> on labelled data, all candidates on common splits.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Candidates">The candidates' results, in the order given.</param>
/// <param name="Pairs">Tests of all pairs where the plan compares.</param>
public sealed record SelectionRun(SelectionPlan Plan, ImmutableArray<CandidateResult> Candidates, ImmutableArray<PairResult> Pairs)
{
    private const int BootstrapSamples = 200;

    /// <summary>Carries out a plan.</summary>
    /// <param name="plan">The plan; one for models that are already trained needs no run but a comparison of their predictions.</param>
    /// <param name="candidates">The candidates.</param>
    /// <param name="labels">The class of each example.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="groups">The group of each example, or empty: no split tears a group apart.</param>
    /// <param name="cancellation">Stops the run between splits.</param>
    /// <exception cref="ArgumentException">There are no candidates, the plan is for trained models, or the data do not allow the splits.</exception>
    public static SelectionRun Execute(SelectionPlan plan, IReadOnlyList<Candidate> candidates, ImmutableArray<int> labels, long seed = 0, ImmutableArray<int> groups = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(candidates);
        if (candidates.Count == 0)
            throw new ArgumentException("at least one candidate was expected", nameof(candidates));
        var run = new Runner(labels, groups.IsDefault ? [] : groups, seed, cancellation);
        var n = labels.Length;
        return plan.Scheme switch
        {
            SelectionScheme.Holdout => run.Contest(plan, candidates, [Splitters.Holdout(n, 1.0 / 3, seed, run.Strata(), run.Groups)], "one third held out"),
            SelectionScheme.RepeatedKFold => run.WithBootstrap(plan, candidates),
            SelectionScheme.Bootstrap632Plus => run.WithBootstrap(plan, candidates),
            SelectionScheme.LeaveOneOut => run.Contest(plan, candidates, [.. Splitters.LeaveOneOut(n)], "leave-one-out"),
            SelectionScheme.Nested => run.Contest(plan, candidates, Splitters.KFold(n, 5, seed, run.Strata(5), run.Groups), "5 outer folds, pooled", innerFolds: 2),
            SelectionScheme.FiveByTwo => run.Contest(plan, candidates, Splitters.FiveByTwo(n, seed, run.Strata(2), run.Groups), "5 × 2 folds, pooled"),
            SelectionScheme.IndependentSets => run.Contest(plan, candidates, Splitters.Independent(n, 10, 1.0 / 3, seed, run.Strata(30), run.Groups), "10 disjoint sets, pooled", innerFolds: 5),
            SelectionScheme.ThreeWayHoldout or SelectionScheme.RepeatedKFoldWithTestSet or SelectionScheme.LeaveOneOutWithTestSet => run.ChooseThenTest(plan, candidates),
            _ => throw new ArgumentException($"{plan.Scheme} compares predictions that exist; there is nothing to train", nameof(plan)),
        };
    }

    private sealed class Runner(ImmutableArray<int> labels, ImmutableArray<int> groups, long seed, CancellationToken cancellation)
    {
        public ReadOnlySpan<int> Groups => groups.AsSpan();

        // Classes smaller than the number of folds cannot be stratified.
        public ReadOnlySpan<int> Strata(int folds = 1) => labels.GroupBy(c => c).All(c => c.Count() >= folds) ? labels.AsSpan() : default;

        public SelectionRun Contest(SelectionPlan plan, IReadOnlyList<Candidate> candidates, ImmutableArray<Split> splits, string basis, int innerFolds = 5)
        {
            var contest = Statistics.Contest.Run([.. candidates.Select(c => Tuned(c, innerFolds))], labels, splits, seed, cancellation);
            return new SelectionRun(plan,
                [.. candidates.Select((c, i) => new CandidateResult(c.Name, Pooled(contest.AllCorrect(i), splits.Sum(s => s.Test.Length)), basis, null))],
                plan.Question == SelectionQuestion.CompareAlgorithms ? Pairs(plan, contest) : []);
        }

        // The mean over repeated folds, with the interval of the .632+ bootstrap: resampled values around the .632+ estimate.
        public SelectionRun WithBootstrap(SelectionPlan plan, IReadOnlyList<Candidate> candidates)
        {
            var n = labels.Length;
            var folds = Math.Min(10, groups.IsEmpty ? n : groups.Distinct().Count());
            var contestants = candidates.Select(c => Tuned(c, 5)).ToArray();
            var repeated = Statistics.Contest.Run(contestants, labels, Splitters.RepeatedKFold(n, folds, 5, seed, Strata(folds), Groups), seed, cancellation);
            var samples = Statistics.Contest.Run(contestants, labels, Splitters.Bootstrap(n, BootstrapSamples, seed, groups: Groups), seed, cancellation);
            ImmutableArray<int> all = [.. Enumerable.Range(0, n)];
            var results = contestants.Select((contestant, i) =>
            {
                var predicted = contestant.FitPredict(all, all, seed);
                var resubstitution = 1 - (double)predicted.Zip(labels).Count(p => p.First == p.Second) / n;
                var gamma = Bootstrap632.NoInformationRate(labels.AsSpan(), predicted);
                var accuracies = Array.ConvertAll(samples.Accuracies(i), a => 1 - Bootstrap632.Error632Plus(resubstitution, 1 - a, gamma));
                return new CandidateResult(contestant.Name, new Estimate(repeated.Accuracies(i).Average(), BootstrapInterval.Percentile(accuracies)),
                    $"mean of 5 × {folds} folds; interval of the .632+ bootstrap ({BootstrapSamples} samples)", null);
            });
            return new SelectionRun(plan, [.. results], []);
        }

        // Choose the setting on one part, train it anew on all of that part, judge it once on the test set.
        public SelectionRun ChooseThenTest(SelectionPlan plan, IReadOnlyList<Candidate> candidates)
        {
            var n = labels.Length;
            var test = Splitters.Holdout(n, plan.Scheme == SelectionScheme.ThreeWayHoldout ? 0.2 : 1.0 / 3, seed, Strata(), Groups);
            var results = candidates.Select(candidate =>
            {
                var chosen = Choose(plan.Scheme, candidate.Settings, test.Train);
                var contest = Statistics.Contest.Run([candidate.Settings[chosen]], labels, [test], seed, cancellation);
                return new CandidateResult(candidate.Name, Pooled(contest.AllCorrect(0), test.Test.Length), $"{test.Test.Length} test examples, used once",
                    candidate.Settings.Length == 1 ? null : candidate.Settings[chosen].Name);
            });
            return new SelectionRun(plan, [.. results], []);
        }

        private int Choose(SelectionScheme scheme, ImmutableArray<Contestant> settings, ImmutableArray<int> rows)
        {
            if (settings.Length == 1)
                return 0;
            int[] strata = [.. rows.Select(i => labels[i])];
            int[] keys = groups.IsEmpty ? [] : [.. rows.Select(i => groups[i])];
            var stratify = strata.GroupBy(c => c).All(c => c.Count() >= 10) ? strata : [];
            IEnumerable<Split> splits = scheme switch
            {
                SelectionScheme.ThreeWayHoldout => [Splitters.Holdout(rows.Length, 0.25, seed, stratify, keys)],
                SelectionScheme.LeaveOneOutWithTestSet => Splitters.LeaveOneOut(rows.Length),
                _ => Splitters.RepeatedKFold(rows.Length, Math.Min(10, rows.Length), 5, seed, stratify, keys),
            };
            var contest = Statistics.Contest.Run(settings, labels, splits.Select(s => new Split([.. s.Train.Select(i => rows[i])], [.. s.Test.Select(i => rows[i])])), seed, cancellation);
            var scores = Enumerable.Range(0, settings.Length).Select(contest.Accuracies).ToArray();
            // One validation set has no standard error: there the best wins, the simplest of equals.
            return scores[0].Length < 2 ? Enumerable.Range(0, scores.Length).MaxBy(i => scores[i][0]) : OneStandardErrorRule.Choose(scores);
        }

        private Contestant Tuned(Candidate candidate, int innerFolds) => NestedCrossValidation.Tuned(candidate.Name, candidate.Settings, labels, innerFolds, groups: groups);

        // Repetitions test an example more than once; the interval counts each example once.
        private Estimate Pooled(bool[] correct, int tested)
        {
            var accuracy = (double)correct.AsSpan().Count(true) / tested;
            var distinct = Math.Min(tested, labels.Length);
            return new Estimate(accuracy, ProportionInterval.Wilson(accuracy * distinct, distinct));
        }

        private static ImmutableArray<PairResult> Pairs(SelectionPlan plan, Contest contest)
        {
            var pairs =
                (from a in Enumerable.Range(0, contest.Names.Length)
                 from b in Enumerable.Range(a + 1, contest.Names.Length - a - 1)
                 let d = contest.Differences(a, b)
                 select (A: a, B: b, Mean: d.Average(), Test: plan.Scheme switch
                 {
                     SelectionScheme.FiveByTwo => contest.FiveByTwoF(a, b),
                     SelectionScheme.IndependentSets => PairedTTest.CrossValidated(d) with { Test = "paired t over disjoint sets", Caution = null },
                     _ => PairedTTest.Corrected(d, contest.TestToTrain),
                 })).ToArray();
            var adjusted = MultipleComparisons.Adjust([.. pairs.Select(p => p.Test.PValue)], plan.Correction);
            return [.. pairs.Select((p, i) => new PairResult(contest.Names[p.A], contest.Names[p.B], p.Mean, p.Test, adjusted[i]))];
        }
    }
}
