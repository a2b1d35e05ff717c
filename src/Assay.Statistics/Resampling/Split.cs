using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>One division of the examples 0 … n − 1 into those to train on and those to test on.</summary>
/// <param name="Train">Rows to train on; for the bootstrap with repetitions.</param>
/// <param name="Test">Rows to test on, none of them in <paramref name="Train"/>.</param>
public sealed record Split(ImmutableArray<int> Train, ImmutableArray<int> Test);

/// <summary>One division of the examples into three parts.</summary>
/// <param name="Train">Rows to train on.</param>
/// <param name="Validation">Rows to choose settings with; the chosen setting is trained anew on these and <paramref name="Train"/>.</param>
/// <param name="Test">Rows to judge with, once.</param>
public sealed record ThreeWaySplit(ImmutableArray<int> Train, ImmutableArray<int> Validation, ImmutableArray<int> Test);
