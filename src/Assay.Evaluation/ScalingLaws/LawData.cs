namespace Assay.Evaluation;

/// <summary>What every fit asks of its data.</summary>
internal static class LawData
{
    public static void Check(IReadOnlyList<double> x, IReadOnlyList<double> y, string variable, string response = "loss")
    {
        CheckPositive(x, variable);
        if (x.Count != y.Count)
            throw new ArgumentException($"{x.Count} values of {variable} and {y.Count} of {response}");
        CheckResponse(y, response);
    }

    public static void CheckPositive(IReadOnlyList<double> values, string variable)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (!(values[i] > 0) || !double.IsFinite(values[i]))
                throw new ArgumentException($"{variable} of run {i + 1} is {values[i]}: a positive number was expected");
        }
    }

    public static void CheckResponse(IReadOnlyList<double> y, string response)
    {
        if (y.Count == 0)
            throw new ArgumentException("there are no runs");
        for (var i = 0; i < y.Count; i++)
        {
            if (!double.IsFinite(y[i]) || y[i] < 0)
                throw new ArgumentException($"{response} of run {i + 1} is {y[i]}: a finite number, not negative, was expected");
        }
        if (y.Count > 1 && y.Max() - y.Min() <= 1e-12 * Math.Abs(y.Max()))
            throw new ArgumentException($"{response} is {y[0]} in all {y.Count} runs: without a change there is no law to fit");
    }
}
