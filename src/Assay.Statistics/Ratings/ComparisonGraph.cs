using System.Collections.Immutable;

namespace Assay.Statistics;

/// <summary>
/// Whether comparisons fix the strengths of the contestants. They do exactly when the graph with an edge from each loser to its winner is
/// strongly connected (Ford 1957): otherwise some group never lost to the rest, or was never compared with it, and its strength is infinite
/// or undefined.
/// </summary>
public static class ComparisonGraph
{
    /// <summary>
    /// The strongly connected components, the groups that nobody outside beat first; within a component contestants rise by index. One
    /// component means that the strengths are identified.
    /// </summary>
    public static ImmutableArray<ImmutableArray<int>> StrongComponents(WinMatrix wins)
    {
        ArgumentNullException.ThrowIfNull(wins);
        // Kosaraju: components of the edges loser → winner, in topological order of "lost to".
        var n = wins.Count;
        var order = new List<int>(n);
        var seen = new bool[n];
        for (var i = 0; i < n; i++)
            Visit(i, seen, (from, to) => wins[to, from] > 0, n, order);
        Array.Clear(seen);
        var components = new List<ImmutableArray<int>>();
        for (var k = n - 1; k >= 0; k--)
        {
            if (seen[order[k]])
                continue;
            var members = new List<int>();
            Visit(order[k], seen, (from, to) => wins[from, to] > 0, n, members);
            components.Add([.. members.Order()]);
        }
        // Kosaraju meets sources first: who lost to others. The unbeaten come first here.
        components.Reverse();
        return [.. components];
    }

    /// <summary>The groups between which there is no comparison at all: their scores cannot be set against each other.</summary>
    public static ImmutableArray<ImmutableArray<int>> IsolatedGroups(WinMatrix wins)
    {
        ArgumentNullException.ThrowIfNull(wins);
        var seen = new bool[wins.Count];
        var groups = ImmutableArray.CreateBuilder<ImmutableArray<int>>();
        for (var i = 0; i < wins.Count; i++)
        {
            if (seen[i])
                continue;
            var members = new List<int>();
            Visit(i, seen, (a, b) => wins[a, b] > 0 || wins[b, a] > 0, wins.Count, members);
            groups.Add([.. members.Order()]);
        }
        return groups.ToImmutable();
    }

    // Depth first without recursion; appends contestants when they are finished.
    private static void Visit(int start, bool[] seen, Func<int, int, bool> edge, int n, List<int> finished)
    {
        if (seen[start])
            return;
        seen[start] = true;
        var stack = new Stack<(int Node, int Next)>([(start, 0)]);
        while (stack.TryPop(out var top))
        {
            var next = top.Next;
            while (next < n && (seen[next] || !edge(top.Node, next)))
                next++;
            if (next == n)
            {
                finished.Add(top.Node);
                continue;
            }
            stack.Push((top.Node, next + 1));
            seen[next] = true;
            stack.Push((next, 0));
        }
    }
}
